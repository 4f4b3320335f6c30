"""How many cores a program is told that it has: the same everywhere.

Programs size pools by it, and so does the standard library (`concurrent.futures`), so the machine's own number would make
verdicts differ from machine to machine. Where runs really are, and on how many cores, is none of theirs.
"""

import os
from typing import Any

CORES = 4


def install() -> None:
    """Replace what tells it."""
    told: Any = os
    for name in ("cpu_count", "process_cpu_count"):
        if hasattr(os, name):  # `process_cpu_count`: 3.13
            setattr(told, name, _count)
    if hasattr(os, "sched_getaffinity"):  # not on every system
        told.sched_getaffinity = _affinity


def _count() -> int:
    """`os.cpu_count` and `os.process_cpu_count`."""
    return CORES


def _affinity(pid: int, /) -> set[int]:
    """`os.sched_getaffinity`."""
    del pid
    return set(range(CORES))
