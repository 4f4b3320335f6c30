"""Run to block: a thread goes on until it cannot, then the one that has been ready longest follows.

The explaining default: few switches, in the order in which a beginner reads a program.
"""

from collections.abc import Sequence

from threadmarks.runner.threads import ControlledThread


class RunToBlock:
    """First come, first served; no preemption."""

    def thread_started(self, thread: ControlledThread) -> None:
        """Nothing to prepare."""

    def yielded(self, thread: ControlledThread) -> None:
        """The scheduler has already put it last."""

    def choose(
        self,
        candidates: Sequence[ControlledThread],
        default: ControlledThread,
        running: ControlledThread,
        may_go_on: bool,
    ) -> ControlledThread:
        """The default."""
        return default
