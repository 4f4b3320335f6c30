"""Noticing that a program only polls for ever: a deadlock in disguise.

A thread that waits with a time-out in a loop always has a timer left, so nothing is ever formally stuck. After sixty virtual
seconds in which nothing but such polls happened, nothing can happen any more.
"""

from collections.abc import Iterable

from threadmarks.runner.clock import NS
from threadmarks.runner.threads import ControlledThread, State

SPAN_NS = 60 * NS
POLLS = 50
"""At least so many time-outs must fall into the span."""
PERIOD_NS = 10 * NS
"""Waits of up to this length count as polls; a longer one means that something is still to come."""
SLEEPS = 1_000
"""Sleeps of one thread in a row without an effect, after which a sleeping loop counts as a poll."""


class StallWatch:
    """Counts the polls since something last happened."""

    def __init__(self) -> None:
        self._from_ns = 0
        self._polls = 0

    def restart(self, now_ns: int) -> None:
        """Something happened."""
        self._from_ns = now_ns
        self._polls = 0

    def timed_out(self, thread: ControlledThread, now_ns: int) -> None:
        """A thread's time is over. The end of a sleep is something, at first; the end of a wait is not."""
        if thread.waiting_on is None:
            thread.sleeps += 1
            if thread.sleeps < SLEEPS:
                self.restart(now_ns)
                return
        self._polls += 1

    def reached(self, next_deadline_ns: int, threads: Iterable[ControlledThread]) -> bool:
        """Whether the program has only polled for long when the next deadline comes, and all that wait are polls."""
        if self._polls < POLLS or next_deadline_ns - self._from_ns < SPAN_NS:
            return False
        return all(
            thread.deadline_ns - thread.blocked_since_ns <= PERIOD_NS
            for thread in threads
            if thread.state is State.BLOCKED and thread.deadline_ns >= 0
        )
