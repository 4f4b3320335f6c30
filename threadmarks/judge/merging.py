"""Merging: other schedules that are worth a try in place of a failing one, because they have a preemption less.

Leaving choices out (`shrinking`) ends where each preemption that is left is needed as long as the others stay as they are. The moves
here change two things at once:

- merged: what a thread did before it was preempted and what it did when it came back are put together, early or late (Jalbert,
  Sen: A Trace Simplification Technique for Effective Debugging of Concurrent Programs, FSE 2010, who call it consolidating);
- postponed: who was let in by a preemption is let in by an order instead, where somebody cannot go on anyway, after or before.

Deviation from the paper: a move is no exact order of all steps but a list of choices, followed as far as it is possible; so a
move that changes where threads block is a schedule like any other. Runs nothing: it reads what `tree` runs answered for each
beginning of the schedule, and names further schedules.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from threadmarks.judge.enumerating import MOST_BRANCHES, base36
from threadmarks.judge.session import RunResult
from threadmarks.wire import Branch

LATER = 3
"""At so many of the next orders that could let the other thread in, a postponed preemption is tried."""


class Choice(NamedTuple):
    """One choice, read from its text."""

    thread: int
    moment: int
    preempts: bool
    chosen: int

    @property
    def text(self) -> str:
        """As schedules have it."""
        kind = "-" if self.preempts else ":"
        return f"{base36(self.thread)}-{base36(self.moment)}{kind}{base36(self.chosen)}"


def choice_of(text: str) -> Choice:
    """The choice that a text names. Raises ValueError."""
    thread, _, rest = text.partition("-")
    kind = ":" if ":" in rest else "-"
    moment, _, chosen = rest.partition(kind)
    return Choice(int(thread, 36), int(moment, 36), kind == "-", int(chosen, 36))


def beginnings(choices: Sequence[str]) -> list[str]:
    """What to run for `neighbours`: after how many choices ever the schedule goes on by default."""
    return [f"tree.{'_'.join(choices[:count])}" for count in range(len(choices) + 1)]


def neighbours(choices: Sequence[str], results: Sequence[RunResult]) -> list[tuple[str, ...]]:
    """Schedules worth a try. `results`: of `beginnings(choices)`; none comes of those that are incomplete."""
    after = [result.trace.record.branches for result in results if result.trace is not None]
    if len(after) != len(choices) + 1 or any(len(branches) >= MOST_BRANCHES for branches in after):
        return []
    made = [choice_of(text) for text in choices]
    left_out = [tuple(choice for choice in choices if choice != each) for each in choices]
    return list(dict.fromkeys([*_merged(made, after), *left_out, *_postponed(made, after)]))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Segment:
    """A stretch in which one thread ran."""

    thread: int
    end: int | None  # the moment at which another followed; None: nobody else could
    preempted: bool


def _segments(made: Sequence[Choice], after: Sequence[Sequence[Branch]]) -> tuple[list[_Segment], tuple[str, ...]]:
    """Who ran until when, and the choices that say something else: which of several waiters was woken."""
    passed: list[Choice] = []
    default: set[int] = set()  # places in `passed` where nothing was chosen
    for count, branches in enumerate(after):
        upcoming = made[count] if count < len(made) else None
        for branch in branches:
            if upcoming is not None and (branch.thread, branch.moment) == (upcoming.thread, upcoming.moment):
                break
            default.add(len(passed))
            passed.append(Choice(branch.thread, branch.moment, branch.preempts, -1))
        if upcoming is not None:
            passed.append(upcoming)
    segments: list[_Segment] = []
    waiters: list[str] = []
    for place, (choice, following) in enumerate(pairwise([*passed, Choice(-1, 0, False, -1)])):
        if following.thread == choice.thread:
            waiters += [] if place in default else [choice.text]
        elif place in default:
            end = None if choice.preempts else choice.moment
            segments.append(_Segment(thread=choice.thread, end=end, preempted=False))
        else:
            segments.append(_Segment(thread=choice.thread, end=choice.moment, preempted=choice.preempts))
            if following.thread != choice.chosen:
                segments.append(_Segment(thread=choice.chosen, end=None, preempted=False))
    return segments, tuple(waiters)


def _merged(made: Sequence[Choice], after: Sequence[Sequence[Branch]]) -> list[tuple[str, ...]]:
    """For each preempted stretch, it and the next one of its thread as one, in either place."""
    segments, waiters = _segments(made, after)
    moves = []
    for place, segment in enumerate(segments):
        again = [later for later in range(place + 1, len(segments)) if segments[later].thread == segment.thread]
        if segment.preempted and again:
            before, between, rest = segments[:place], segments[place + 1 : again[0]], segments[again[0] + 1 :]
            whole = segments[again[0]]
            moves.append((*_choices([*before, whole, *between, *rest]), *waiters))
            moves.append((*_choices([*before, *between, whole, *rest]), *waiters))
    return moves


def _choices(segments: Sequence[_Segment]) -> list[str]:
    """The choices by which the segments follow each other."""
    kept = [each for each, following in pairwise(segments) if each.thread != following.thread] + [*segments[-1:]]
    return [
        Choice(each.thread, each.end, each.preempted, following.thread).text
        for each, following in pairwise(kept)
        if each.end is not None
    ]


def _postponed(made: Sequence[Choice], after: Sequence[Sequence[Branch]]) -> list[tuple[str, ...]]:
    """For each preemption, an order in its place that lets the same thread in."""
    texts = [choice.text for choice in made]
    moves: list[tuple[str, ...]] = []
    for place, choice in enumerate(made):
        if not choice.preempts:
            continue
        head, tail = texts[:place], texts[place + 1 :]
        moments = [(branch.thread, branch.moment) for branch in after[place]]
        here = moments.index((choice.thread, choice.moment)) if choice[:2] in moments else len(moments)
        later = [branch for branch in after[place][here:] if not branch.preempts and choice.chosen in branch.others]
        moves += [(*head, _order(branch, choice.chosen), *tail) for branch in later[:LATER]]
        for earlier in range(place, -1, -1):
            passed = [(branch.thread, branch.moment) for branch in after[earlier]]
            end = passed.index(made[earlier][:2]) if made[earlier][:2] in passed else len(passed)
            orders = [each for each in after[earlier][:end] if not each.preempts and choice.chosen in each.others]
            if orders:
                order = _order(orders[-1], choice.chosen)
                moves.append((*texts[:earlier], order, *texts[earlier:place], *tail))
                break
    return moves


def _order(branch: Branch, chosen: int) -> str:
    return Choice(branch.thread, branch.moment, False, chosen).text
