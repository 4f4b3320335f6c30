"""A controlled run, watched from outside for free: did the kernel make more threads than the run told of?

The engine makes one thread of the operating system for each thread of the program, uses it again from one schedule of the
process to the next (`runner/carriers.py`), and makes no other. So the kernel's count is never above the sum of what the
traces report, whatever the schedule and the load.
"""

from dataclasses import dataclass

from threadmarks.judge.decode import Answer
from threadmarks.sandbox.host import RawRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """A process in which more threads (or processes) were made than its traces report."""

    made: int
    reported: int


def hidden_threads(raw: RawRun, answer: Answer) -> Hidden | None:
    """What a run hid; None when nothing, and where that cannot be known: no count, or an answer that is not whole."""
    if raw.tasks is None or answer.broken is not None or not answer.traces:
        return None
    reported = sum(len(trace.threads) - 1 for trace in answer.traces)
    return Hidden(made=raw.tasks, reported=reported) if raw.tasks > reported else None
