"""Tree: one node of a systematic enumeration (bounded depth-first search, as in CHESS: Musuvathi, Qadeer, PLDI 2007).

Follows the choices that lead to the node, then runs to block, and notes at each choice after the last of them who could have run
instead: the node's children. What is enumerated, in which order and up to how many preemptions is the judge's business
(`judge/enumerating.py`).

Deviation: the search lives in another process than the program, so a node is run anew from the start and not backtracked to.
"""

from collections.abc import Iterable, Sequence

from threadmarks.runner.strategies.replay import Choice, Replay
from threadmarks.runner.threads import ControlledThread

Branch = tuple[int, int, bool, bool, list[int]]
"""Thread, moment, whether another would have been a preemption, whether the interpreter could make it, who else could run."""
MOST_BRANCHES = 1_000
"""What is beyond says that the program is not a tiny one."""


class Tree(Replay):
    """A replay that looks around afterwards."""

    def __init__(self, choices: Iterable[Choice]) -> None:
        super().__init__(choices)
        self.branches: list[Branch] = []

    def choose(
        self,
        candidates: Sequence[ControlledThread],
        default: ControlledThread,
        running: ControlledThread,
        may_go_on: bool,
    ) -> ControlledThread:
        """As a replay; after the last recorded choice, the default, and a note of the others."""
        if self._choices:
            return super().choose(candidates, default, running, may_go_on)
        if len(self.branches) < MOST_BRANCHES:
            others = [thread.serial for thread in candidates if thread is not default]
            self.branches.append(
                (running.serial, running.moment, may_go_on, not may_go_on or running.could_switch, others)
            )
        return default
