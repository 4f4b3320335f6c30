"""Sync points only: a thread is never interrupted but where it is about to take a lock.

As in ExitBlock (Bruening: Systematic Testing of Multithreaded Java Programs, MIT 1999), where a program that guards all that it
shares with locks needs no other switches: few choices, so lock orders and missed notifications are found soon. A lost update
of a program without locks is never found.

Deviations: drawn at random instead of enumerated, each candidate alike; and a release is no place of its own, for whoever it
woke competes at the next lock.
"""

import random
from collections.abc import Sequence

from threadmarks.runner.threads import ControlledThread


class SyncOnly:
    """Uniform choice at locks and blocks."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(f"sync-only {seed}").random

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
        """Anybody at a lock or a block; else the running thread."""
        if may_go_on and not running.at_lock:
            return default
        return candidates[int(self._draw() * len(candidates))]
