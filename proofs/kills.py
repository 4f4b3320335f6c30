"""`grade batch` killed (kill -9) at random moments of its whole life: in the end, the same bytes as of a run that nobody disturbed.

A class of right, wrong, hostile and broken files of ex00. One round is a fresh output folder: the command is killed after a random part of the time that an
undisturbed run takes, begun again, killed again, until it comes to its end. After each kill: what was finished is still there, as it was; no process
is left. After each round: all that is published equals the undisturbed run's, byte for byte, and nothing finished was graded twice.
With `--cluster` it grades on a Dask cluster of two workers made for this, and every second kill is one of a worker process.

Usage: python proofs/kills.py [--moments 50] [--files 16] [--cluster]
Exit code 1 when anything was lost, repeated, left behind or different.
"""

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.batch.running import (  # noqa: E402  # the repository's root is on the path from here on
    ENVIRONMENT,
    PROGRAM,
    Cluster,
    offspring,
    published,
    results,
    worker_processes,
)
from threadmarks import catalog  # noqa: E402  # likewise
from threadmarks.sandbox.ladder import survey  # noqa: E402  # likewise

FIRST = catalog.resolve("ex00")
HOSTILE = (
    "import os\nos._exit(0)\n",
    "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
    "def (\n",
    "x = 1\n",
)


class Lost(Exception):
    """Something is not as an undisturbed run would have it."""


def write_class(folder: Path, files: int) -> None:
    """Each file another text."""
    texts = [path.read_text(encoding="utf-8") for path in (FIRST.reference, *FIRST.wrong)] + list(HOSTILE)
    for number in range(files):
        place = folder / f"s{number:03}"
        place.mkdir(parents=True)
        (place / "ex00.py").write_text(f"# {number}\n{texts[number % len(texts)]}", encoding="utf-8")


def start(place: Path, out: str, more: list[str]) -> subprocess.Popen[bytes]:
    """The command as a process, in a session of its own."""
    rung = next(seen.rung for seen in survey() if seen.offered).value
    words = ["batch", "class", "--out", out, "--secret-file", "secret.txt", "--rung", rung, *more]
    with (place / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *words],
            cwd=place,
            env=ENVIRONMENT,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def gone(pids: set[int]) -> None:
    """Wait for the end of all. Raises Lost after a minute."""
    for _ in range(1200):
        left = {pid for pid in pids if _is_there(pid)}
        if not left:
            return
        time.sleep(0.05)
    raise Lost(f"processes stay behind: {sorted(left)}")


def _is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Proof:
    """The rounds, and what they have shown."""

    def __init__(self, place: Path, more: list[str], workers: list[subprocess.Popen[bytes]], seed: int) -> None:
        self.place, self.more, self.workers = place, more, workers
        self.draw = random.Random(seed)
        self.kills = self.worker_kills = self.rounds = 0
        begin = time.monotonic()
        code = start(place, "whole", more).wait()
        self.whole_s = time.monotonic() - begin
        if code:
            raise Lost(f"the undisturbed run ended with exit code {code}: {(place / 'log').read_text()[-600:]}")
        self.whole = published(place / "whole")

    def round(self, moments: int) -> None:
        """Kill until it ends by itself, or so often."""
        out = self.place / "out"
        shutil.rmtree(out, ignore_errors=True)
        kept: dict[str, int] = {}
        while self.kills < moments:
            run = start(self.place, "out", self.more)
            with contextlib.suppress(subprocess.TimeoutExpired):
                run.wait(self.draw.random() * self.whole_s)
            if run.returncode is not None:
                break
            if self.workers and self.draw.random() < 0.5:  # every second kill
                for pid in worker_processes(self.draw.choice(self.workers)):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                self.worker_kills += 1
                self.kills += 1
                run.wait()
            else:
                judges = offspring(run.pid)
                run.kill()
                run.wait()
                self.kills += 1
                gone(judges)
            kept = self._still_there(kept, results(out))
            if run.returncode == 0:
                break
        code = start(self.place, "out", self.more).wait()
        self._still_there(kept, results(out))
        now = published(out)
        if code or now != self.whole:
            different = sorted(name for name in {*now, *self.whole} if now.get(name) != self.whole.get(name))
            raise Lost(f"after {self.kills} kills these files are others (exit code {code}): {different}")
        self.rounds += 1

    def _still_there(self, kept: dict[str, int], now: dict[str, int]) -> dict[str, int]:
        changed = [name for name, when in kept.items() if now.get(name) != when]
        if changed:
            raise Lost(f"finished results were lost or made again: {changed}")
        return now


def main() -> int:
    """Run the proof."""
    parser = argparse.ArgumentParser(description="Kill `grade batch` at random moments.")
    parser.add_argument("--moments", type=int, default=50)
    parser.add_argument("--files", type=int, default=16)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the moments; default: another each time")
    parser.add_argument("--cluster", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="threadmarks-kills-") as name, contextlib.ExitStack() as stack:
        place = Path(name)
        write_class(place / "class", options.files)
        (place / "secret.txt").write_text("a secret of many words\n")
        more, workers = [], []
        if options.cluster:
            cluster = stack.enter_context(contextlib.closing(Cluster(place / "cluster")))
            more, workers = ["--cluster", cluster.address], [cluster.worker(), cluster.worker()]
        try:
            proof = Proof(place, more, workers, options.seed)
            while proof.kills < options.moments:
                proof.round(options.moments)
                print(f"{proof.kills} kills in {proof.rounds} rounds", file=sys.stderr, flush=True)
        except Lost as problem:
            print(f"seed {options.seed}: {problem}")
            return 1
    print(
        f"{options.files} files, undisturbed in {proof.whole_s:.1f} s; killed {proof.kills} times ({proof.worker_kills} of them a worker) in "
        f"{proof.rounds} rounds (seed {options.seed}): nothing lost, nothing graded twice, no process left, every byte the same"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
