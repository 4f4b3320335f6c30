"""Timing of whole commands and of calls, side by side: rounds in turn, medians and ratios. Asserts nothing."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GRADE = (sys.executable, "-c", "from threadmarks.commands import main; main()")


def command_s(command: Sequence[str], *, allowed: tuple[int, ...] = (0,), **environment: str) -> float:
    """Wall seconds of one run of a command, whose output is read and dropped. Raises when it fails.

    Its modules are compiled once and for all, as those of an installed kit are, whatever this shell forbids.
    """
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=inherited | environment, capture_output=True, check=False)
    taken = time.perf_counter() - begin
    if done.returncode not in allowed:
        raise SystemExit(
            f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout.decode()}{done.stderr.decode()}"
        )
    return taken


def in_turn(rounds: int, subjects: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Measure every subject once a round, so that all of them see the same noise; one round before is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in subjects}
    for number in range(rounds + 1):
        for name, measure in subjects.items():
            seconds = measure()
            if number:
                taken[name].append(seconds)
    return taken


def table(taken: Mapping[str, Sequence[float]], *, unit: str = "s", against: str = "") -> None:
    """Print minimum, median and maximum of each row; with `against`, the ratio of medians to that row."""
    scale = {"s": 1.0, "ms": 1e3}[unit]
    base = statistics.median(taken[against]) if against else 0.0
    width = max(map(len, taken))
    print(f"{'':{width}}  {'min':>8}  {'median':>8}  {'max':>8}" + ("     ratio" if against else ""))
    for name, values in taken.items():
        low, middle, high = min(values) * scale, statistics.median(values) * scale, max(values) * scale
        ratio = f"  {middle / scale / base:7.2f}x" if against else ""
        print(f"{name:{width}}  {low:8.3f}  {middle:8.3f}  {high:8.3f}{ratio}")
    print(f"({unit}; {len(next(iter(taken.values())))} rounds in turn, Python {sys.version.split()[0]})\n")
