"""The virtual clock: integer nanoseconds, and a heap of deadlines.

Time stands still while anybody runs and jumps to the next deadline when nobody can. Integers, because a trace must be
the same byte for byte, and because 0.1 + 0.2 must be due at 0.3.
"""

import heapq

from threadmarks.runner.threads import ControlledThread

NS = 1_000_000_000
MONOTONIC_BASE_S = 1024
"""Where `time.monotonic` starts: not at 0, which a program may take for "never"."""
EPOCH_BASE_S = 1_750_000_000
"""Where `time.time` starts: a fixed moment, so that every run sees the same dates."""
DUE_SLACK_NS = 1_000
"""Deadlines this close to now count as due (they come from float arithmetic)."""


class Clock:
    """Virtual time and who waits for it."""

    __slots__ = ("_heap", "_tokens", "now_ns")

    def __init__(self) -> None:
        self.now_ns = 0
        self._heap: list[tuple[int, int, ControlledThread]] = []
        self._tokens = 0

    def set_timer(self, thread: ControlledThread, deadline_ns: int) -> None:
        """Arrange that `expire` returns `thread` at `deadline_ns`, unless its timer is cancelled before."""
        self._tokens += 1
        thread.timer_token = self._tokens
        thread.deadline_ns = deadline_ns
        heapq.heappush(self._heap, (deadline_ns, self._tokens, thread))

    @staticmethod
    def cancel_timer(thread: ControlledThread) -> None:
        """Make the thread's timer stale; the heap drops it when it comes up."""
        thread.timer_token = 0
        thread.deadline_ns = -1

    def _drop_stale(self) -> None:
        while self._heap and self._heap[0][2].timer_token != self._heap[0][1]:
            heapq.heappop(self._heap)

    def pending(self) -> bool:
        """Whether any timer is left."""
        self._drop_stale()
        return bool(self._heap)

    def next_deadline_ns(self) -> int:
        """The earliest deadline, or -1."""
        self._drop_stale()
        return self._heap[0][0] if self._heap else -1

    def jump(self) -> list[ControlledThread]:
        """Move to the earliest deadline and return the threads that are due, in order of deadline, then of asking."""
        self._drop_stale()
        if not self._heap:
            return []
        self.now_ns = max(self.now_ns, self._heap[0][0])
        return self.due()

    def due(self) -> list[ControlledThread]:
        """Take out the threads whose deadline has come."""
        due: list[ControlledThread] = []
        self._drop_stale()
        while self._heap and self._heap[0][0] <= self.now_ns + DUE_SLACK_NS:
            thread = heapq.heappop(self._heap)[2]
            thread.timer_token = 0
            due.append(thread)
            self._drop_stale()
        return due


def to_ns(seconds: float) -> int:
    """Seconds as integer nanoseconds, rounded to the nearest."""
    return round(seconds * NS)
