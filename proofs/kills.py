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
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from threadmarks import catalog  # noqa: E402  # the repository's root is on the path from here on
from threadmarks.sandbox.ladder import survey  # noqa: E402  # likewise

PROGRAM = "from threadmarks.commands import main; main()"
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
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (place / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *words],
            cwd=place,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def finished(out: Path) -> dict[str, int]:
    """The finished results, each with when it was written."""
    return {path.name: path.stat().st_mtime_ns for path in (out / ".threadmarks" / "results").glob("*/[!.]*")}


def published(out: Path) -> dict[str, bytes]:
    """Everything but the command's own state."""
    files = (path for path in sorted(out.rglob("*")) if path.is_file() and ".threadmarks" not in path.parts)
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


def offspring(pid: int) -> set[int]:
    """The processes that a process has started, and that these have."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(path.parent.name))
    found: set[int] = set()
    due = [pid]
    while due:
        children = parents.get(due.pop(), [])
        found.update(children)
        due += children
    return found


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

    def __init__(self, place: Path, more: list[str], workers: list["Worker"], seed: int) -> None:
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
                self.draw.choice(self.workers).kill_process()
                self.worker_kills += 1
                self.kills += 1
                run.wait()
            else:
                judges = offspring(run.pid)
                run.kill()
                run.wait()
                self.kills += 1
                gone(judges)
            kept = self._still_there(kept, finished(out))
            if run.returncode == 0:
                break
        code = start(self.place, "out", self.more).wait()
        self._still_there(kept, finished(out))
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


class Worker:
    """A Dask worker with a nanny, of one thread."""

    def __init__(self, folder: Path) -> None:
        words = ("--nthreads", "1", "--nworkers", "1", "--local-directory", str(folder), "--no-dashboard")
        self.process = dask("dask_worker", folder, *words)

    def kill_process(self) -> None:
        """Kill the worker process, not its nanny."""
        children = {pid for pid in offspring(self.process.pid) if b"spawn_main" in _cmdline(pid)}
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def dask(program: str, folder: Path, *words: str) -> subprocess.Popen[bytes]:
    """One of Dask's programs, begun."""
    command = [sys.executable, "-m", f"distributed.cli.{program}", "--scheduler-file", str(folder / "scheduler.json")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (folder / "dask.log").open("ab") as log:
        return subprocess.Popen([*command, *words], env=environment, cwd=folder, stdout=log, stderr=log)


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[tuple[list[str], list[Worker]]]:
    """Further words for the command, and the workers."""
    scheduler = dask("dask_scheduler", folder, "--port", "0", "--host", "127.0.0.1", "--no-dashboard")
    workers: list[Worker] = []
    try:
        while not (folder / "scheduler.json").exists():
            time.sleep(0.05)
        workers += [Worker(folder), Worker(folder)]
        import json

        yield ["--cluster", json.loads((folder / "scheduler.json").read_text())["address"]], workers
    finally:
        for process in (*(worker.process for worker in workers), scheduler):
            pids = offspring(process.pid)
            process.kill()
            process.wait()
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


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
        more, workers = stack.enter_context(cluster(place)) if options.cluster else ([], [])
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
