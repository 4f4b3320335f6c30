"""The same file, graded again and again, idle and under overload: one report, byte for byte, or a line that says which.

Every submission of the content (references, alternatives, wrong solutions, stubs) and every adapter in tests/adapters is
graded `--times` times, every second round under overload: busy loops, four for each core, half of them in this session
and half in sessions of their own (schedulers that group by session would hide the former from the runners).

With `--official` each grading has the second witness (plain runs, watched from outside), only right files are graded
(references and alternatives), every round is under overload, and what is counted besides is suspects: load must never make
one. What a witness could not say under load is counted and shown, and is no part of what must be the same.

With `--plain-runs` only the plain runs themselves are made, which is quicker: every witness of every right file.

Usage: python proofs/soak.py [--times 20] [--loops-per-core 4] [--official | --plain-runs] [WORD ...]
A WORD selects the files whose path contains it. Exit code 1 when any file had two reports, or a right one a suspect.
An interrupt or a TERM signal ends it after the file in work, and what was seen until then is told.
"""

import argparse
import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.judge.witnessing import heard  # noqa: E402  # the repository's root is on the path from here on
from threadmarks import catalog  # noqa: E402  # likewise
from threadmarks.judge import grade_source  # noqa: E402  # likewise
from threadmarks.judge.pytest_session import HeldChecks  # noqa: E402  # likewise
from threadmarks.model import Report  # noqa: E402  # likewise
from threadmarks.report.json import as_object  # noqa: E402  # likewise
from threadmarks.sandbox.host import PLAIN_ENTRY, Host  # noqa: E402  # likewise
from threadmarks.sandbox.saferead import read  # noqa: E402  # likewise

BUSY = "import os\nparent = os.getppid()\nwhile os.getppid() == parent: sum(range(100_000))"
"""Busy until the proof is gone, however it went."""


def submissions(words: list[str]) -> Iterator[tuple[str, str]]:
    """(exercise id, path) of every file to grade, in order."""
    for path in sorted(ROOT.glob("solutions/ex*/**/*.py")) + sorted(ROOT.glob("exercises/ex*/ex*.py")):
        yield from _chosen(path.relative_to(ROOT).parts[1][:4], str(path.relative_to(ROOT)), words)
    for path in sorted(ROOT.glob("tests/adapters/ex*.py")):
        yield from _chosen(path.name[:4], str(path.relative_to(ROOT)), words)


def _chosen(exercise: str, path: str, words: list[str]) -> Iterator[tuple[str, str]]:
    if not words or any(word in path for word in words):
        yield exercise, path


@contextlib.contextmanager
def overload(loops: int) -> Iterator[None]:
    """Busy loops beside the grader, for as long as the block runs."""
    running = [
        subprocess.Popen([sys.executable, "-S", "-c", BUSY], start_new_session=bool(number % 2))
        for number in range(loops)
    ]
    try:
        yield
    finally:
        for process in running:
            process.kill()
        for process in running:
            process.wait()


class Stopping:
    """Whether somebody asked for an end."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, *_: object) -> None:
        self.asked = True

    def until(self, files: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        """The files, until an end is asked for."""
        for each in files:
            if self.asked:
                return
            yield each


def right(path: str) -> bool:
    """Whether a file is a reference or an alternative."""
    return path.startswith("solutions/") and "/wrong/" not in path


def fingerprint(report: Report) -> str:
    """What must never differ: the whole report, as `--json` gives it."""
    told = as_object(report)
    told["extra"].pop("unwitnessed", None)
    for check in told["checks"]:
        check["remarks"] = []  # what a witness could not say: that may come of load
    text = json.dumps(told, sort_keys=True)
    return f"{report.score:g}/{report.max_score:g} {report.verdict} {hashlib.sha256(text.encode()).hexdigest()[:12]}"


def soak_plain_runs(times: int, loops: int, words: list[str]) -> int:
    """All witnesses of all right files, again and again under overload. 1 when one of them contests."""
    exercises = catalog.load()
    files = [each for each in submissions(words) if right(each[1])]
    runs, contests, remarks = 0, Counter[str](), Counter[str]()
    begin, stopping = time.monotonic(), Stopping()
    with overload(loops), Host(2, entry=PLAIN_ENTRY) as host:
        for turn in range(times):
            for exercise_id, path in stopping.until(files):
                for told in heard(catalog.resolve(exercise_id, exercises), ROOT / path, host):
                    runs += 1
                    contests.update([f"{path} {told.name}: {told.contest}"] if told.contest else [])
                    remarks.update(f"{path} {told.name}: {remark}" for remark in told.remarks)
            spent = time.monotonic() - begin
            if stopping.asked:
                break
            told_so_far = f"{runs} runs, {contests.total()} contested, {remarks.total()} could not say"
            print(f"round {turn + 1} of {times}: {spent:.0f} s, {told_so_far}", file=sys.stderr)
    for what, count in [*contests.most_common(), *remarks.most_common()]:
        print(f"{count} x {what}")
    print(
        f"{runs} plain runs of {len(files)} right files: {contests.total()} contested, {remarks.total()} could not say"
    )
    return 1 if contests else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Grade files again and again; every report must be the same.")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--loops-per-core", type=int, default=4)
    parser.add_argument(
        "--official", action="store_true", help="with the second witness, on right files, always under overload"
    )
    parser.add_argument(
        "--plain-runs", action="store_true", help="only the witness's plain runs, on right files, under overload"
    )
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    if options.plain_runs:
        return soak_plain_runs(options.times, options.loops_per_core * (os.cpu_count() or 1), options.words)
    files = [each for each in submissions(options.words) if not options.official or right(each[1])]
    suspects: Counter[str] = Counter()
    remarks: Counter[str] = Counter()
    seen: dict[str, Counter[str]] = {path: Counter() for _, path in files}
    exercises = catalog.load()
    begin, stopping = time.monotonic(), Stopping()
    for turn in range(options.times):
        busy = options.official or turn % 2 == 1
        loops = options.loops_per_core * (os.cpu_count() or 1) if busy else 0
        with overload(loops), Host() as host, Host(1, entry=PLAIN_ENTRY) as plain, HeldChecks() as held:
            for exercise_id, path in stopping.until(files):
                exercise = catalog.resolve(exercise_id, exercises)
                report = grade_source(
                    exercise, read(ROOT / path), host=host, witness=options.official, witness_host=plain, held=held
                )
                seen[path][fingerprint(report)] += 1
                suspects.update(
                    f"{path} {check.spec.name}: {check.accounts[-1].says if check.accounts else check.verdict.value}"
                    for check in report.checks
                    if not check.graded
                )
                remarks.update(
                    f"{path} {check.spec.name}: {remark}" for check in report.checks for remark in check.remarks
                )
        if stopping.asked:
            break
        spent = time.monotonic() - begin
        print(f"round {turn + 1} of {options.times}{' (overload)' if loops else ''}: {spent:.0f} s", file=sys.stderr)
    width = max(map(len, seen))
    for path, counts in seen.items():
        print(f"{path:{width}}  {'; '.join(f'{count} x {what}' for what, count in counts.items())}")
    unsteady = [path for path, counts in seen.items() if len(counts) > 1]
    total = sum(sum(counts.values()) for counts in seen.values())
    print(f"{total} gradings of {len(seen)} files; {len(unsteady)} files with more than one report")
    if options.official:
        for what, count in [*suspects.most_common(), *remarks.most_common()]:
            print(f"{count} x {what}")
        print(
            f"{sum(suspects.values())} checks of right files not graded; {sum(remarks.values())} that a witness could not say"
        )
    return 1 if unsteady or suspects else 0


if __name__ == "__main__":
    raise SystemExit(main())
