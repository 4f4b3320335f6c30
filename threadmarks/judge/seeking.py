"""Seeking: is there a failing schedule with fewer preemptions? A search in the order of how many they have, orders after.

Like `enumerating`, but for a schedule to show and not for a sentence about all of them: runs that look the same from outside
(who passed how many points, what came of it, where who could have followed whom) are gone on from only once, from the one that was stopped
earliest. Most moments at which a thread can be preempted are alike in this, so far more preemptions are reached with the same
number of runs. That two runs look alike does not prove that they are: what is found fails, what is not found may exist.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from threadmarks.judge.enumerating import MOST_BRANCHES, extended, spec_of
from threadmarks.judge.merging import choice_of
from threadmarks.judge.session import RunResult
from threadmarks.wire import Branch, ScheduleTrace

AT_ONCE = 100
"""So many nodes are run before it is looked whether one fails."""

Look = tuple[object, ...]
"""What of a run can be seen from outside, its choices apart."""


@dataclass(slots=True)
class Seeking:
    """The nodes still to be run, those with the fewest preemptions first, then those with the fewest orders."""

    below: int  # only schedules with fewer preemptions
    polled_only: bool = False  # only preemptions that this interpreter would make
    _waiting: dict[tuple[int, int], list[str]] = field(default_factory=lambda: {(0, 0): [""]})
    _seen: set[Look] = field(default_factory=set)

    def following(self, most: int) -> list[str]:
        """The next schedules to run, `most` of them at most; none when the search is over."""
        if not self._waiting:
            return []
        level = min(self._waiting)
        nodes = self._waiting.pop(level)
        nodes.sort(key=_comes_back, reverse=True)  # stable
        if len(nodes) > min(most, AT_ONCE):
            self._waiting[level] = nodes[min(most, AT_ONCE) :]
        return [spec_of(node) for node in nodes[: min(most, AT_ONCE)]]

    def answered(self, results: Sequence[RunResult]) -> None:
        """What the schedules told: where else each could go."""
        for result in results:
            record = result.trace.record if result.trace is not None else None
            if record is None or len(record.branches) >= MOST_BRANCHES or _look(record) in self._seen:
                continue
            self._seen.add(_look(record))
            node = result.spec.partition(".")[2]
            for branch in record.branches:
                self._add(node, branch)

    def _add(self, node: str, branch: Branch) -> None:
        if self.polled_only and not branch.polled:
            return
        kinds = [choice_of(text).preempts for text in node.split("_")] if node else []
        preemptions = sum(kinds) + branch.preempts
        if preemptions < self.below:
            level = preemptions, len(kinds) + 1 - preemptions
            self._waiting.setdefault(level, []).extend(extended(node, branch, serial) for serial in branch.others)


def _comes_back(node: str) -> bool:
    """Whether it preempts the thread that the preemption before let in, in favour of the one that was stopped then."""
    last = [choice_of(text) for text in node.split("_")[-2:]] if node else []
    return len(last) > 1 and all(each.preempts for each in last) and last[0].thread == last[1].chosen


def _look(record: ScheduleTrace) -> Look:
    orders = tuple((each.thread, each.moment, each.others) for each in record.branches if not each.preempts)
    facts = tuple((event.kind, event.thread, repr(event.data)) for event in record.events)
    came_of_it = (record.outcome, record.virtual_ns, record.points, repr(record.value), repr(record.error))
    return (*came_of_it, record.threads, record.waits, facts, orders)
