"""Woken in vain: who waited was woken, another came first and undid what the signal was about, and the first did not wait again.

The story of `if` where `while` belongs. Told only of what was undone to the value that it had before, and of a waiter that never
waits at that place again: who looks and waits anew has made no mistake.
"""

from threadmarks.judge.failure import place_at
from threadmarks.judge.story_races import step_of
from threadmarks.judge.story_rows import Row, Rows
from threadmarks.model import Story, StoryKind, StoryStep
from threadmarks.wire import EventKind, TouchKind

_SIGNALS_READ = 50
"""A run with more of them has no small story."""


def woken_story(rows: Rows) -> Story | None:
    """The first waiter that was woken in vain and went on; None when none was."""
    signals = [row for row in rows.touches if row.how is TouchKind.SIGNAL and row.before not in ("", "0")]
    for signal in signals[:_SIGNALS_READ]:
        for wait in _waits(rows, signal):
            resumed = _resumed(rows, wait, signal)
            undone = _undone(rows, wait, signal, resumed)
            if undone is not None and not _waits_again(rows, wait, resumed):
                return _told(rows, wait, signal, *undone, resumed)
    return None


def _waits(rows: Rows, signal: Row) -> list[Row]:
    """For each actor, its last wait for the thing before the signal."""
    last = {
        row.actor: row
        for row in rows.touches
        if row.how is TouchKind.WAIT and row.thing == signal.thing and row.index < signal.index
    }
    return [row for row in last.values() if row.actor != signal.actor]


def _resumed(rows: Rows, wait: Row, signal: Row) -> int:
    """Where a waiter that slept when the signal came goes on; the end of the trace when it did not sleep, or does not go on."""
    nowhere = len(rows.actors)
    kinds = [(index, event.kind) for index, event in enumerate(rows.trace.events) if rows.actors[index] == wait.actor]
    before = [kind for index, kind in kinds if index < signal.index and kind is not EventKind.SWITCH]
    woken = next((index for index, kind in kinds if index > signal.index and kind is EventKind.WAKE), nowhere)
    granted = woken < nowhere and rows.trace.events[woken].data[0] == "granted"
    others = any(
        row.how is TouchKind.SIGNAL and row.thing == signal.thing and signal.index < row.index < woken
        for row in rows.touches
    )
    if not before or before[-1] is not EventKind.WAIT or not granted or others:
        return nowhere
    return next(
        (index for index, kind in kinds if index > signal.index and kind in (EventKind.TAKE, EventKind.TOUCH)), nowhere
    )


def _undone(rows: Rows, wait: Row, signal: Row, resumed: int) -> tuple[Row, Row] | None:
    """What the signaller had changed, and the change by another that undid it before the waiter went on."""
    if resumed == len(rows.actors):
        return None
    done = [row for row in rows.touches if row.actor == signal.actor and row.index < signal.index and row.writes]
    meanwhile = [row for row in rows.touches if signal.index < row.index < resumed and row.writes]
    for number, undoing in enumerate(meanwhile):
        changes = [row for row in done if row.overlaps(undoing)]
        redone = any(row.overlaps(undoing) for row in meanwhile[number + 1 :])
        if not changes or redone or undoing.actor == wait.actor:
            continue
        if undoing.after and changes[-1].before == undoing.after != changes[-1].after:
            return changes[-1], undoing
    return None


def _waits_again(rows: Rows, wait: Row, resumed: int) -> bool:
    """By another call, or in the same one: `wait_for` calls `wait` where nobody looks. (A call that is answered at once never sleeps.)"""
    called = any(
        row.actor == wait.actor and row.how is TouchKind.WAIT and row.thing == wait.thing and row.index > resumed
        for row in rows.touches
    )
    return called or any(
        rows.actors[index] == wait.actor and event.kind is EventKind.WAIT and event.line == wait.line
        for index, event in enumerate(rows.trace.events)
        if index > resumed
    )


def _told(rows: Rows, wait: Row, signal: Row, change: Row, undoing: Row, resumed: int) -> Story:  # its parts
    waiter, signaller, other = rows.name(wait.actor), rows.name(signal.actor), rows.name(undoing.actor)
    mine = [row for row in rows.touches if row.actor == wait.actor and row.index >= resumed and row.of_state]
    goes_on = next((row for row in mine if row.overlaps(undoing)), mine[0] if mine else None)
    steps = [
        StoryStep(actor=waiter, text=f"waits for {wait.what}", place=place_at(wait.line)),
        step_of(rows, change),
        StoryStep(actor=signaller, text=f"signals {signal.what}: {waiter} is woken", place=place_at(signal.line)),
        step_of(rows, undoing),
    ]
    if goes_on is not None:
        steps.append(step_of(rows, goes_on))
    return Story(
        kind=StoryKind.WOKEN_IN_VAIN,
        parties=(steps[0], steps[3]),
        steps=tuple(steps),
        sentence=f"{waiter} was woken because {signaller} had changed {change.what}. Before it could go on, {other} changed it back; "
        f"{waiter} goes on all the same, and does not wait again.",
    )
