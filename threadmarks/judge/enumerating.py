"""Systematic search for tiny programs: every schedule with no preemption, then with one, then with two, as long as they fit.

Iterative context bounding (Musuvathi, Qadeer: Iterative Context Bounding for Systematic Testing of Multithreaded Programs, PLDI
2007): most races need very few preemptions, so the schedules are tried in the order of how many they have. A choice among
threads where the running one cannot go on costs nothing. The engine runs one node (`runner/strategies/tree.py`), told by the
choices that lead to it, and answers who else could have run after the last of them; the tree is walked here.

A level is begun only when all of it that is known so far fits in the budget, so that what is spent gives a sentence about all
schedules, and not a random handful of them.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from threadmarks.judge.failure import Failure
from threadmarks.judge.session import RunResult
from threadmarks.wire import Branch, ScheduleTrace

Found = tuple[int, RunResult, Failure]
"""Place in the order of trying, the run, what it means."""
Try = Callable[[Sequence[str]], Awaitable[tuple[list[RunResult], Found | None]]]
"""Run schedules in their order: the results up to the first that fails, and that one."""

MOST_BRANCHES = 1_000
"""As `runner/strategies/tree.py` has it: a node that reports so many may have had more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enumerated:
    """What the search tried."""

    tried: int
    bound: int  # every schedule with up to so many preemptions was tried; -1: not even all without any
    whole: bool  # there are no others at all
    found: Found | None = None


@dataclass(slots=True)
class _Level:
    """Nodes still to be run, by how many preemptions they have; each is a text of choices."""

    now: list[str] = field(default_factory=list)
    later: list[str] = field(default_factory=list)

    def add_children(self, node: str, branches: Sequence[Branch]) -> None:
        """Everything that differs from the node once more, after its last choice."""
        for branch in branches:
            into = self.later if branch.preempts else self.now
            into += [extended(node, branch, serial) for serial in branch.others]


async def enumerate_schedules(budget: int, attempt: Try, *, below: int | None = None) -> Enumerated:
    """Try as many levels as fit whole into `budget` runs, the first (all by default) not counted.

    `below`: only schedules with fewer preemptions than so many.
    """
    (root, *_), found = await attempt([spec_of("")])
    record = _record(root)
    if found is not None or record is None or len(record.branches) != record.points:
        return Enumerated(tried=0, bound=-1, whole=False)  # the default was judged before, and is a matter of its own
    level = _Level()
    level.add_children("", record.branches)
    tried, bound = 0, -1
    while tried + len(level.now) <= budget:
        nodes, level.now = level.now, []
        results, found = await attempt([spec_of(node) for node in nodes]) if nodes else ([], None)
        if found is not None:
            index, result, failure = found
            return Enumerated(tried=tried + index + 1, bound=bound, whole=False, found=(tried + index, result, failure))
        tried += len(nodes)
        for node, result in zip(nodes, results, strict=True):
            record = _record(result)
            if record is None or len(record.branches) >= MOST_BRANCHES:
                return Enumerated(tried=tried, bound=bound, whole=False)
            level.add_children(node, record.branches)
        if level.now:
            continue  # orders among those just run, at the same cost
        bound += 1
        if not level.later:
            return Enumerated(tried=tried, bound=bound, whole=True)
        if below is not None and bound + 1 >= below:
            break
        level.now, level.later = level.later, []
    return Enumerated(tried=tried, bound=bound, whole=False)


def spec_of(node: str) -> str:
    """The schedule that runs a node."""
    return f"tree.{node}"


def as_replay(spec: str) -> str:
    """The same schedule as one that can stand in a token."""
    return f"replay.{spec.removeprefix('tree.')}" if spec.startswith("tree.") else spec


def extended(node: str, branch: Branch, serial: int) -> str:
    """The choices of a node, and one more."""
    kind = "-" if branch.preempts else ":"
    choice = f"{base36(branch.thread)}-{base36(branch.moment)}{kind}{base36(serial)}"
    return f"{node}_{choice}" if node else choice


def base36(value: int) -> str:
    """The number as choices have it."""
    digits = ""
    while value or not digits:
        value, digit = divmod(value, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


def _record(result: RunResult) -> ScheduleTrace | None:
    return result.trace.record if result.trace is not None else None
