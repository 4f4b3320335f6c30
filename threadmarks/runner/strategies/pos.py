"""POS: partial order sampling (Yuan, Yang, Gu: Partial Order Aware Concurrency Sampling, CAV 2018).

Every thread's next operation has a random priority and the highest runs. An operation that has run gives its thread a fresh
priority for the next one, and gives one to each pending operation that conflicts with it as well: orders that only swap
independent operations are not drawn again and again.

Deviations: what a pending operation touches is known where a thread stands at a point of its own code or before a lock, and
not what it does there, so two reads of one object count as a conflict; an operation that is not preempted, for want of
another ready thread, resets nobody; and a thread that yields or spins drops to the bottom, as in `pct`.
"""

import random
from collections.abc import Sequence

from threadmarks.runner.threads import ControlledThread


class PartialOrderSampling:
    """A random priority for every operation."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(f"pos {seed}").random

    def thread_started(self, thread: ControlledThread) -> None:
        """The priority of its first operation."""
        thread.priority = self._draw()

    def yielded(self, thread: ControlledThread) -> None:
        """Below everybody who has not yielded, until it is chosen again."""
        thread.priority = self._draw() - 1.0

    def choose(
        self,
        candidates: Sequence[ControlledThread],
        default: ControlledThread,
        running: ControlledThread,
        may_go_on: bool,
    ) -> ControlledThread:
        """The highest priority; its thread, and whoever is about to touch the same, draw anew."""
        chosen = candidates[0]
        for thread in candidates:
            if thread.priority > chosen.priority:
                chosen = thread
        touched = chosen.touches
        if touched is not None:
            for thread in candidates:
                if thread.touches is touched:
                    thread.priority = self._draw()
        else:
            chosen.priority = self._draw()
        return chosen
