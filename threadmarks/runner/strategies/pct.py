"""PCT: probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte, ASPLOS 2010).

Each thread gets a random priority and the highest runs; at d - 1 random points of the run the running thread drops below
all others. A bug that needs d ordering constraints is found with probability at least 1 / (n * k^(d-1)).

Deviations: only choices with more than one runnable thread count towards k (as in Shuttle), and a thread that yields
or spins drops to the bottom, because a spinning thread of the highest priority would never let anybody end its wait.
"""

import random
from collections.abc import Sequence

from threadmarks.runner.threads import ControlledThread


class PriorityChange:
    """Priorities with d - 1 change points over a run of about `length` choices."""

    def __init__(self, depth: int, length: int, seed: int) -> None:
        self._random = random.Random(f"pct {depth} {length} {seed}")
        self._changes = {1 + int(self._random.random() * max(length, 1)) for _ in range(depth - 1)}
        self._count = 0
        self._lowest = 0.0

    def thread_started(self, thread: ControlledThread) -> None:
        """A random priority above every lowered one."""
        thread.priority = 1.0 + self._random.random()

    def yielded(self, thread: ControlledThread) -> None:
        """To the bottom."""
        self._lowest -= 1.0
        thread.priority = self._lowest

    def choose(
        self,
        candidates: Sequence[ControlledThread],
        default: ControlledThread,
        running: ControlledThread,
        may_go_on: bool,
    ) -> ControlledThread:
        """The candidate of the highest priority, after a change point has lowered the running thread."""
        self._count += 1
        if self._count in self._changes:
            self.yielded(default)
        chosen = candidates[0]
        for thread in candidates:
            if thread.priority > chosen.priority:
                chosen = thread
        return chosen
