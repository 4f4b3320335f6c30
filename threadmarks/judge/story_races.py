"""Races told: three accesses to one thing that no order of the two parties, one after the other, could give.

The patterns are those of AVIO (Lu, Tucek, Qin, Zhou: AVIO: Detecting Atomicity Violations via Access Interleaving
Invariants, ASPLOS 2006): of two accesses of one actor with another's in between, read-write-write, read-write-read,
write-write-read and write-read-write cannot be serialized. AVIO learns from many runs which pairs are meant to be atomic; here
one failing schedule is given in which each preemption is needed, so the pair closest around a preemption is taken. Where
there is none, two accesses in the wrong order, and at last the bare facts: where somebody was stopped, and what others
did meanwhile.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from threadmarks.judge.failure import place_at
from threadmarks.judge.story_rows import CONTENTS, WAITING, Row, Rows, Stretch
from threadmarks.model import Story, StoryKind, StoryStep
from threadmarks.wire import EventKind, TouchKind

_PATTERNS = {
    (False, True, True): StoryKind.LOST_UPDATE,
    (False, True, False): StoryKind.STALE_CHECK,
    (True, False, True): StoryKind.HALF_DONE,
    (True, True, False): StoryKind.OVERWRITTEN,
}
"""By which of the three accesses write: the first, the other's, the second."""
_RANKS = tuple(_PATTERNS.values())
_RANK_WEIGHT = 4
"""How many accesses further away from the preemption a pair of a clearer pattern may lie."""
_CHECKED = frozenset({"True", "False", "None"})
_VERBS = {
    TouchKind.READ: "read",
    TouchKind.WRITE: "change",
    TouchKind.DELETE: "delete",
    TouchKind.SIGNAL: "signal",
    TouchKind.WAIT: "wait for",
}
_NEAR = 2
"""How far from its stop an actor may have looked at what it then relies on, and how far away acting on something else counts."""
_UNSET = frozenset({"", "None", "False"})
_PLAIN = frozenset({StoryKind.LOST_UPDATE, StoryKind.STALE_CHECK})
_CLOSE = 6
"""How many accesses may lie between the two of one actor for a pattern that is also the usual way of telling each other something."""
_WAITS_READ = 50
"""So many waits for locks are read for a check that became old meanwhile: a run with more of them has no small story."""
_MEANWHILE = 6
"""How many of the others' lines are told where nothing more is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Conflict:
    """One actor's two accesses and another's in between."""

    kind: StoryKind
    first: Row
    others: Row
    second: Row | None  # None: it goes on, and touches nothing that was seen
    distance: int


def race_story(rows: Rows) -> Story | None:
    """The story of a race; None when nobody was stopped in the middle of anything."""
    stretches = list(rows.stretches())
    stopped = [each for each in stretches if not each.for_lock]
    conflicts = [conflict for stretch in stopped for conflict in _conflicts(rows, stretch)]
    if not conflicts:
        for_locks = [stretch for stretch in stretches if stretch.for_lock][:_WAITS_READ]
        waiting = [conflict for stretch in for_locks for conflict in _conflicts(rows, stretch)]
        conflicts = [each for each in waiting if each.kind in _PLAIN]
    if (
        rows.trace.outcome in WAITING or not rows.trace.preempted
    ):  # tasks await all the time: only what is plain is told
        conflicts = [each for each in conflicts if each.kind in _PLAIN and each.distance <= len(rows.trace.choices)]
    if rows.trace.outcome in WAITING or not rows.trace.preempted:
        stretches = []
    if conflicts:
        best = min(
            conflicts, key=lambda each: (each.distance + _RANK_WEIGHT * _RANKS.index(each.kind), each.first.index)
        )
        return _told(rows, best)
    stretches = [each for each in stretches if rows.trace.events[each.start].kind is EventKind.SWITCH]
    for stretch in stretches:
        story = _too_early(rows, stretch)
        if story is not None:
            return story
    return _interrupted(rows, stretches[0]) if stretches else None


def _conflicts(rows: Rows, stretch: Stretch) -> Iterator[_Conflict]:
    mine = [row for row in rows.touches if row.actor == stretch.actor and row.of_state]
    before = [row for row in mine if row.index < stretch.start]
    after = [row for row in mine if row.index >= stretch.end]
    if before and before[-1].line == stretch.line and before[-1].part == CONTENTS and before[-1].writes:
        after.insert(0, before.pop())  # stopped inside of the call that it has begun
    for others in rows.touches:
        if not stretch.start < others.index < stretch.end or not others.of_state:
            continue
        first = next(((away, row) for away, row in enumerate(reversed(before)) if row.overlaps(others)), None)
        if first is not None:
            acts = [row for row in rows.touches if row.actor == stretch.actor and row.index >= stretch.end]
            found = _conflict(first[0], first[1], others, after, acts)
            if found is not None and not _looked_again(rows, found, stretch, after) and _is_seen(rows, found):
                yield found
    yield from _half_done(rows, stretch, before, after)


def _looked_again(rows: Rows, found: _Conflict, stretch: Stretch, after: list[Row]) -> bool:
    """Whether the actor looks once more, at the same place and before it acts: as a loop does, or `wait_for`."""
    first = found.first
    if found.kind is not StoryKind.STALE_CHECK or first.writes:
        return False
    for row in after:
        if row.writes:
            return False
        if row.line == first.line and row.part == first.part and row.overlaps(first):
            locked = any(
                rows.actors[index] == first.actor and rows.trace.events[index].kind is EventKind.TAKE
                for index in range(stretch.start, row.index)
            )
            return locked or first.part != CONTENTS  # who goes through a container also comes by there again
    return False


def _is_seen(rows: Rows, found: _Conflict) -> bool:
    """Whether what one wrote is what the other then found, where the pattern says so and both can be told."""
    first, others, second = found.first, _last_like(rows, found), found.second
    if found.kind is StoryKind.HALF_DONE:
        if others.part == CONTENTS and second is not None and first.line == second.line:
            return False  # the same is done twice, and nothing says that both belong together
        unset = others.before in _UNSET  # then it came too early, rather
        return not unset and found.distance <= _CLOSE and first.after in ("", others.before)
    if found.kind is StoryKind.OVERWRITTEN and second is not None:
        return found.distance <= _CLOSE and others.after in ("", second.before)
    return True


def _half_done(rows: Rows, stretch: Stretch, before: list[Row], after: list[Row]) -> Iterator[_Conflict]:
    """One part of a thing is written and another not yet, and somebody reads both meanwhile. (Beyond AVIO: two variables.)"""
    first = before[-1] if before else None
    if first is None or not first.writes:
        return
    seen = [row for row in rows.touches if stretch.start < row.index < stretch.end and row.how is TouchKind.READ]
    for others in seen:
        for away, second in enumerate(after):
            if second.writes and second.thing == first.thing and second.part != first.part and others.overlaps(first):
                both = any(
                    row.actor == others.actor and row.overlaps(second) and row.before not in _UNSET for row in seen
                )
                if both and others.actor != stretch.actor:
                    yield _Conflict(kind=StoryKind.HALF_DONE, first=first, others=others, second=second, distance=away)


def _conflict(near: int, first: Row, others: Row, after: list[Row], acts: list[Row]) -> _Conflict | None:
    """The pattern of two accesses, one of them `near` before the stop, and what the stopped actor does next.

    `after`: the state that it touches from then on; `acts`: its signals and waits, too.
    """
    away, second = next(
        ((away, row) for away, row in enumerate(after) if row.overlaps(others) and row.overlaps(first)), (0, None)
    )
    if not first.writes and others.writes and (second is None or (away and not second.writes)):
        if after:  # it acts on something else
            away, second = _NEAR, _next_act(after, acts)
        elif near > _NEAR:
            return None
        return _Conflict(kind=StoryKind.STALE_CHECK, first=first, others=others, second=second, distance=near + _NEAR)
    kind = None if second is None else _PATTERNS.get((first.writes, others.writes, second.writes))
    if second is None or kind is None or (kind is StoryKind.OVERWRITTEN and others.part == CONTENTS):
        return None  # containers are there to be changed by several
    if kind is StoryKind.LOST_UPDATE and _is_check(first, others, second):
        kind = StoryKind.STALE_CHECK  # nothing that was written is gone; what was found out no longer held
    return _Conflict(kind=kind, first=first, others=others, second=second, distance=near + away)


def _next_act(after: list[Row], acts: list[Row]) -> Row:
    """What the actor does with what it has found out: its next change, signal or wait; else what it reads next."""
    telling = [row for row in acts if not _mere_object(row)]
    done = (row for row in [*after[:1], *telling] if row.how is not TouchKind.READ)
    return next(done, telling[0] if telling else after[0])


def _is_check(first: Row, others: Row, second: Row) -> bool:
    elsewhere = first.line != second.line
    looked = elsewhere and first.part == CONTENTS
    marked = elsewhere and others.line == second.line and others.after == second.after  # both set the same mark
    return looked or marked or second.part == CONTENTS or first.before in _CHECKED or not second.overlaps(first)


def _told(rows: Rows, found: _Conflict) -> Story:
    first, others, second = found.first, _last_like(rows, found), found.second
    read = _read_before(rows, first, others) if found.kind is StoryKind.LOST_UPDATE else None
    written = _written_before(rows, first, read) if read is not None else None
    sequence = [row for row in (first, written, read, others, second) if row is not None]
    return Story(
        kind=found.kind,
        parties=(_party(rows, first, second or first), _party(rows, others, others)),
        steps=tuple(step_of(rows, row, beside=first) for row in sequence),
        sentence=_sentence(rows, found.kind, first, others, second or first),
    )


def _last_like(rows: Rows, found: _Conflict) -> Row:
    """The same actor's last such access in between: what it left is what counts."""
    others, second = found.others, found.second
    until = second.index if second is not None and second.index > others.index else len(rows.actors)
    like = [
        row
        for row in rows.touches
        if found.first.index < row.index < until
        and row.actor == others.actor
        and row.how is others.how
        and row.overlaps(others)
        and row.part == others.part
    ]
    return like[-1] if others.writes else others


def _read_before(rows: Rows, first: Row, others: Row) -> Row | None:
    """The other's read that its write came of."""
    reads = [
        row
        for row in rows.touches
        if first.index < row.index < others.index
        and row.actor == others.actor
        and row.how is TouchKind.READ
        and row.overlaps(others)
    ]
    return reads[-1] if reads else None


def _written_before(rows: Rows, first: Row, read: Row) -> Row | None:
    """Who wrote what the other then read, where that is not what the first had read."""
    writes = [
        row
        for row in rows.touches
        if first.index < row.index < read.index and row.writes and row.overlaps(read) and row.after == read.before
    ]
    return writes[-1] if writes and read.before not in ("", first.before) else None


def _party(rows: Rows, row: Row, last: Row) -> StoryStep:
    line = last.line if last.writes and _owners(rows, last) & _owners(rows, row) else row.line
    return StoryStep(actor=rows.name(row.actor), text=row.what, place=place_at(line))


def _owners(rows: Rows, row: Row) -> set[int]:
    """The object that is touched, and those by way of which its line came to it."""
    same = [each for each in rows.touches if each.actor == row.actor and each.line == row.line]
    return {each.thing for each in same if each.index <= row.index and each.index > row.index - _NEAR * 2}


def step_of(rows: Rows, row: Row, beside: Row | None = None) -> StoryStep:
    """A touch as a step. `beside`: another that it could be taken for, since it is spelled the same."""
    another = beside is not None and row.thing != beside.thing and (row.what, row.part) == (beside.what, beside.part)
    named = f"{_named(row)}{' of another object' if another else ''}"
    return StoryStep(actor=rows.name(row.actor), text=_doing(row, named), place=place_at(row.line))


def _doing(row: Row, named: str) -> str:  # noqa: PLR0911  # one return a kind of touch
    if row.pending:
        return f"is about to {_VERBS[row.how]} {named}"
    if row.how is TouchKind.SIGNAL:
        return f"signals {row.what}"
    if row.how is TouchKind.WAIT:
        return f"waits for {row.what}"
    if row.how is TouchKind.DELETE:
        return f"{'deletes' if row.part else 'clears'} {named}"
    if row.how is TouchKind.READ:
        return f"reads {named}{f': {row.before}' if row.before else ''}"
    if row.part == CONTENTS:
        changed = f": {row.before} becomes {row.after}" if row.after and row.before != row.after else ""
        return f"changes {named}{changed}"
    return f"writes {named}{f': {row.after}' if row.after else ''}"


def _named(row: Row) -> str:
    item = row.part.startswith("[") and row.part != CONTENTS
    return f"{row.what}{row.part}" if item and not row.what.endswith("]") else row.what


def _sentence(rows: Rows, kind: StoryKind, first: Row, others: Row, second: Row) -> str:
    mine, theirs, what = rows.name(first.actor), rows.name(others.actor), _named(others)
    if kind is StoryKind.LOST_UPDATE:
        telling = others.after and not others.after.endswith(" object")
        wrote = f"wrote {others.after} to it" if telling else "wrote it"
        return (
            f"{mine} had read {what} before {theirs} {wrote}, and writes over that without having seen it: the update by "
            f"{theirs} is lost."
        )
    if kind is StoryKind.STALE_CHECK:
        return f"{mine} goes on with what it found in {_named(first)} at first; by then {theirs} has changed it."
    if kind is StoryKind.HALF_DONE:
        return f"{theirs} sees {what} in the middle of a change that {mine} has not finished."
    return f"{mine} finds in {_named(second)} what {theirs} left there, and not what it put there itself."


def _too_early(rows: Rows, stretch: Stretch) -> Story | None:
    """What others did to a thing before the stopped actor came to it."""
    for mine in rows.touches:
        if mine.actor != stretch.actor or mine.index < stretch.end or mine.part == CONTENTS:
            continue
        for others in rows.touches:
            between = stretch.start < others.index < stretch.end
            unset = others.before in _UNSET or others.before.startswith("empty ")
            if between and unset and others.overlaps(mine) and mine.how is TouchKind.WRITE and not others.writes:
                one, other = rows.name(others.actor), rows.name(mine.actor)
                return Story(
                    kind=StoryKind.TOO_EARLY,
                    parties=(_party(rows, others, others), _party(rows, mine, mine)),
                    steps=(_stopped(rows, stretch), step_of(rows, others), step_of(rows, mine)),
                    sentence=f"{one} reads {_named(others)} before {other} has written it; nothing makes it wait.",
                )
    return None


def _stopped(rows: Rows, stretch: Stretch) -> StoryStep:
    return StoryStep(actor=rows.name(stretch.actor), text="is stopped here; others run", place=place_at(stretch.line))


def _interrupted(rows: Rows, stretch: Stretch) -> Story:
    """No two accesses that conflict were seen: what is known, and no more."""
    name = rows.name(stretch.actor)
    after = [row for row in rows.touches if row.actor == stretch.actor and row.index >= stretch.end]
    mine = [row for row in rows.touches if row.actor == stretch.actor and row.of_state]
    between = [row for row in rows.touches if stretch.start < row.index < stretch.end and row.actor != stretch.actor]
    shared = [row for row in between if any(own.overlaps(row) and (own.writes or row.writes) for own in mine)]
    steps = [_stopped(rows, stretch)]
    if shared:
        steps += list(dict.fromkeys(step_of(rows, row) for row in shared))[-_MEANWHILE:]
    else:
        steps += _lines_between(rows, stretch)
    steps.append(
        step_of(rows, after[0]) if after else StoryStep(actor=name, text="goes on", place=place_at(stretch.line))
    )
    return Story(
        kind=StoryKind.INTERRUPTED,
        parties=(),
        steps=tuple(steps),
        sentence=f"With {name} stopped at this point the result is wrong, and without it right. Which of these steps must not come "
        "in between was not seen.",
    )


def _mere_object(row: Row) -> bool:
    """A read on the way to what is then touched: `self.lock` of `with self.lock`."""
    return row.how is TouchKind.READ and row.before.endswith(" object")


def _lines_between(rows: Rows, stretch: Stretch) -> list[StoryStep]:
    """The first lines that others came to meanwhile."""
    steps: list[StoryStep] = []
    told = set()
    for index in range(stretch.start + 1, stretch.end):
        event, actor = rows.trace.events[index], rows.actors[index]
        if event.line and actor != stretch.actor and (actor, event.line) not in told and len(steps) < _MEANWHILE:
            told.add((actor, event.line))
            steps.append(StoryStep(actor=rows.name(actor), text="gets to", place=place_at(event.line)))
    return steps
