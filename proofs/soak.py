"""The same file, graded again and again, idle and under overload: one report, byte for byte, or a line that says which.

Every submission of the content (references, alternatives, wrong solutions, stubs) and every adapter in tests/adapters is
graded `--times` times, every second round under overload: busy loops, four for each core, half of them in this session
and half in sessions of their own (schedulers that group by session would hide the former from the runners).

Usage: python proofs/soak.py [--times 20] [--loops-per-core 4] [WORD ...]
A WORD selects the files whose path contains it. Exit code 1 when any file had two reports.
"""

import argparse
import contextlib
import hashlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from threadmarks import catalog
from threadmarks.judge import grade_source
from threadmarks.model import Report
from threadmarks.report.json import as_object
from threadmarks.sandbox.host import Host
from threadmarks.sandbox.saferead import read

ROOT = Path(__file__).resolve().parent.parent
BUSY = "while True: pass"


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


def fingerprint(report: Report) -> str:
    """What must never differ: the whole report, as `--json` gives it."""
    text = json.dumps(as_object(report), sort_keys=True)
    return f"{report.score:g}/{report.max_score:g} {report.verdict} {hashlib.sha256(text.encode()).hexdigest()[:12]}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Grade files again and again; every report must be the same.")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--loops-per-core", type=int, default=4)
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    files = list(submissions(options.words))
    seen: dict[str, Counter[str]] = {path: Counter() for _, path in files}
    exercises = catalog.load()
    begin = time.monotonic()
    for turn in range(options.times):
        busy = turn % 2 == 1
        loops = options.loops_per_core * (os.cpu_count() or 1) if busy else 0
        with overload(loops), Host() as host:
            for exercise_id, path in files:
                exercise = catalog.resolve(exercise_id, exercises)
                report = grade_source(exercise, read(ROOT / path), host=host)
                seen[path][fingerprint(report)] += 1
        spent = time.monotonic() - begin
        print(f"round {turn + 1} of {options.times}{' (overload)' if busy else ''}: {spent:.0f} s", file=sys.stderr)
    width = max(map(len, seen))
    for path, counts in seen.items():
        print(f"{path:{width}}  {'; '.join(f'{count} x {what}' for what, count in counts.items())}")
    unsteady = [path for path, counts in seen.items() if len(counts) > 1]
    total = sum(sum(counts.values()) for counts in seen.values())
    print(f"{total} gradings of {len(seen)} files; {len(unsteady)} files with more than one report")
    return 1 if unsteady else 0


if __name__ == "__main__":
    raise SystemExit(main())
