"""Random switch: at each point another thread takes over with probability p, one in ten unless the token says otherwise.

Uniform choice at every point makes threads advance in lockstep, and narrow windows then never overlap; a small p lets a
thread run a stretch, stop inside a window, and stay stopped while others run. Where a program has few points, a larger p
finds more.
"""

import random
from collections.abc import Sequence

from threadmarks.runner.threads import ControlledThread

SWITCH_PERCENT = 10


class RandomSwitch:
    """Seeded switching with a fixed probability."""

    def __init__(self, seed: int, percent: int = SWITCH_PERCENT) -> None:
        self._draw = random.Random(f"random-switch {seed}").random
        self._probability = percent / 100

    def thread_started(self, thread: ControlledThread) -> None:
        """Nothing to prepare."""

    def yielded(self, thread: ControlledThread) -> None:
        """The next choice may well be another."""

    def choose(
        self,
        candidates: Sequence[ControlledThread],
        default: ControlledThread,
        running: ControlledThread,
        may_go_on: bool,
    ) -> ControlledThread:
        """Mostly the running thread; when it cannot go on, any."""
        if may_go_on:
            if self._draw() >= self._probability:
                return default
            candidates = [thread for thread in candidates if thread is not default]
        return candidates[int(self._draw() * len(candidates))]
