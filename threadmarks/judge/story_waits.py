"""Deadlocks told: the circle of waits with the line where each lock was taken; the signal that nobody heard, or that nobody is
left to give; the tasks left.

Reads the wait-for graph and the events of one trace. What the graph says already (who waits at which line) is not said
again where there is no more to say: then there is no story.
"""

from dataclasses import replace

from threadmarks import wire
from threadmarks.judge.failure import place_at
from threadmarks.judge.outcomes import thread_name
from threadmarks.judge.story_rows import WAITING, Row, Rows
from threadmarks.model import Story, StoryKind, StoryStep
from threadmarks.wire import EventKind, TouchKind, WaitRecord

_TASKS_TOLD = 8
_ENDED_TOLD = 3
_AWAITED = {"_ContextManagerMixin.__aenter__": "a lock"}
"""What a library's coroutine is in a learner's words."""


def circle_story(rows: Rows) -> Story | None:
    """The circle in the wait-for graph; None when nobody waits in one."""
    circle = _circle(rows.trace.waits)
    if not circle:
        return None
    steps = []
    for wait in circle:
        if wait.taken_line:
            holder = thread_name(rows.trace.threads, wait.holder)
            steps.append(StoryStep(actor=holder, text=f"takes the {_lock(wait)}", place=place_at(wait.taken_line)))
    for wait in circle:
        holder = thread_name(rows.trace.threads, wait.holder)
        waits = _waits_for_lock(wait, holder) if wait.taken_line else f"waits for {wait.what}, which is up to {holder}"
        if wait.what == "Thread.join":
            waits = f"waits for {holder} to end"
        steps.append(
            StoryStep(actor=thread_name(rows.trace.threads, wait.thread), text=waits, place=place_at(wait.line))
        )
    names = [thread_name(rows.trace.threads, wait.thread) for wait in circle]
    who = (
        f"{', '.join(names[:-1])} and {names[-1]} wait for each other"
        if len(names) > 1
        else f"{names[0]} waits for itself"
    )
    return Story(kind=StoryKind.CIRCLE, parties=(), steps=tuple(steps), sentence=f"{who}: none of them can go on.")


def holding_story(rows: Rows) -> Story | None:
    """Somebody waits for what nobody has, and keeps a lock meanwhile that others wait for; None when nobody does."""
    by_thread = {wait.thread: wait for wait in rows.trace.waits}
    for stuck in rows.trace.waits:
        keeper = by_thread.get(stuck.holder)
        if keeper is None or keeper.holder >= 0 or not stuck.taken_line:
            continue
        holder = thread_name(rows.trace.threads, stuck.holder)
        other = thread_name(rows.trace.threads, stuck.thread)
        return Story(
            kind=StoryKind.HOLDING,
            parties=(),
            steps=(
                StoryStep(actor=holder, text=f"takes the {_lock(stuck)}", place=place_at(stuck.taken_line)),
                StoryStep(actor=holder, text=f"waits for {keeper.what}", place=place_at(keeper.line)),
                StoryStep(actor=other, text=_waits_for_lock(stuck, holder), place=place_at(stuck.line)),
            ),
            sentence=f"{holder} keeps the {_lock(stuck)} while it waits, and {other} cannot go on before it gives it back.",
        )
    return None


def _lock(wait: WaitRecord) -> str:
    """The lock that is waited for: a "Condition.wait" that has been woken waits for the Condition."""
    return wait.what.partition(".")[0]


def _waits_for_lock(wait: WaitRecord, holder: str) -> str:
    woken = _lock(wait) != wait.what
    return f"{'is woken, and ' if woken else ''}waits for the {_lock(wait)} that {holder} has"


def _circle(waits: tuple[WaitRecord, ...]) -> list[WaitRecord]:
    """The rows along one circle, beginning with the lowest thread of it; a thread waits for at most one other."""
    by_thread = {wait.thread: wait for wait in waits if wait.holder >= 0}
    seen: set[int] = set()
    for start in sorted(by_thread):
        path: list[int] = []
        thread = start
        while thread in by_thread and thread not in seen:
            seen.add(thread)
            path.append(thread)
            thread = by_thread[thread].holder
        if thread in path:
            found = path[path.index(thread) :]
            lowest = found.index(min(found))
            return [by_thread[each] for each in found[lowest:] + found[:lowest]]
    return []


def wakeup_story(rows: Rows) -> Story | None:
    """The signal that came before somebody waited for it; None when none did.

    In a run that came to its end, idle threads wait and early signals are common: there the waiter must have fallen asleep,
    and have decided so before the signal came: it was stopped meanwhile, or what it had looked at was changed.
    """
    waiting = {wait.thread for wait in rows.trace.waits}
    strict = rows.trace.outcome not in WAITING
    for wait in [row for row in rows.touches if row.how is TouchKind.WAIT] if strict else _last_waits(rows):
        if not strict and wait.actor not in waiting:
            continue
        missed = [
            row
            for row in rows.touches
            if row.index < wait.index
            and row.how is TouchKind.SIGNAL
            and row.thing == wait.thing
            and row.actor != wait.actor
            and row.before == "0"
            and not _looked_again(rows, wait, row)
            and (not strict or _was_stopped(rows, wait, row) or _stale_check(rows, wait, row) is not None)
        ]
        if missed and (not strict or _fell_asleep(rows, wait)):
            return _missed(rows, wait, missed[-1])
    return None


def unsignalled_story(rows: Rows) -> Story | None:
    """Who waits for a signal that nobody is left to give, and who ended without giving it; None when nobody does."""
    for_ever = {wait.thread for wait in rows.trace.waits if wait.holder < 0 and wait.deadline_ns < 0}
    waits = [row for row in _last_waits(rows) if row.actor in for_ever]
    waits = [row for row in waits if row.thing == waits[0].thing]
    if not waits:
        return None
    what = waits[0].what
    steps = [
        (row.index, StoryStep(actor=rows.name(row.actor), text=f"waits for {row.what}", place=place_at(row.line)))
        for row in waits
    ]
    signals = [row for row in rows.touches if row.how is TouchKind.SIGNAL and row.thing == waits[0].thing]
    for row in signals[-1:]:
        text = f"signals {row.what}" + (f", for which {row.before} waited" if row.before else "")
        steps.append((row.index, StoryStep(actor=rows.name(row.actor), text=text, place=place_at(row.line))))
    silent = [
        (index, event.thread)
        for index, event in enumerate(rows.trace.events)
        if event.kind is EventKind.END and event.thread not in {row.actor for row in signals}
    ]
    panics = {thread.serial: thread.panic for thread in rows.trace.threads}
    for index, thread in silent[-_ENDED_TOLD:]:
        last = max((row for row in rows.touches if row.actor == thread), key=lambda row: row.index, default=None)
        place = place_at(last.line) if last is not None else None
        panic = panics.get(thread, "")
        text = f"{f'dies of {panic}' if panic else 'ends'}, and has never signalled {what}"
        steps.append((index, StoryStep(actor=rows.name(thread), text=text, place=place)))
    ended = (
        f", and {_listed([rows.name(thread) for _, thread in silent])} ended without having given one" if silent else ""
    )
    who = _listed([rows.name(row.actor) for row in waits])
    return Story(
        kind=StoryKind.NEVER_SIGNALLED,
        parties=(),
        steps=tuple(step for _, step in sorted(steps, key=lambda each: each[0])),
        sentence=f"{who} {'waits' if len(waits) == 1 else 'wait'} for a signal of {what} that nobody can give any more: all who "
        f"are left wait themselves{ended}.",
    )


def _listed(names: list[str]) -> str:
    """Names in a sentence, the first few of them."""
    shown = names[:_ENDED_TOLD]
    more = len(names) - len(shown)
    shown += [f"{more} more"] * bool(more)
    return f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else shown[0]


def _looked_again(rows: Rows, wait: Row, signal: Row) -> bool:
    """Whether the waiter saw, between the signal and its wait, what the signaller had just written: then it decided anew."""
    mine = [row for row in rows.touches if row.actor == wait.actor and row.index < wait.index]
    since = max((row.index for row in mine if row.index < signal.index), default=-1)
    written = [
        row for row in rows.touches if row.actor == signal.actor and row.writes and since < row.index < signal.index
    ]
    return any(
        row.index > signal.index and row.how is TouchKind.READ and any(row.overlaps(write) for write in written)
        for row in mine
    )


def _fell_asleep(rows: Rows, wait: Row) -> bool:
    """Whether the waiter did wait: `wait_for` returns at once when what it waits for is so already, as `wait` of a set event."""
    for index in range(wait.index + 1, len(rows.actors)):
        event = rows.trace.events[index]
        if rows.actors[index] != wait.actor:
            continue
        if event.kind is EventKind.PARK:
            return True
        if event.kind is EventKind.WAIT and event.data[3] < 0:
            return event.line == wait.line
        if event.kind is EventKind.TOUCH and event.data[0] == TouchKind.WAIT:
            return False
    return False


def _was_stopped(rows: Rows, wait: Row, signal: Row) -> bool:
    """Whether the waiter stood still when the signal came, and this is its first wait from then on."""
    return any(
        stretch.actor == wait.actor
        and stretch.start < signal.index < stretch.end
        and not any(
            row.actor == wait.actor and stretch.end <= row.index < wait.index and row.how is TouchKind.WAIT
            for row in rows.touches
        )
        for stretch in rows.stretches()
        if not stretch.for_lock
    )


def _last_waits(rows: Rows) -> list[Row]:
    """Each actor's last touch, where that is a wait."""
    last = {row.actor: row for row in rows.touches}
    return [row for actor, row in sorted(last.items()) if row.how is TouchKind.WAIT]


def _missed(rows: Rows, wait: Row, signal: Row) -> Story:
    waiter, signaller = rows.name(wait.actor), rows.name(signal.actor)
    stale = _stale_check(rows, wait, signal)
    steps = []
    if stale is not None:
        read, write = stale
        looks = f"looks at {read.what}{f': {read.before}' if read.before else ''}"
        steps.append(StoryStep(actor=waiter, text=looks, place=place_at(read.line)))
        changes = f"changes {write.what}{f' to {write.after}' if write.after else ''}"
        steps.append(StoryStep(actor=signaller, text=changes, place=place_at(write.line)))
    cleared = _clearing(rows, wait, signal)
    taken_back = [
        (row.index, StoryStep(actor=rows.name(row.actor), text=f"clears {row.what}", place=place_at(row.line)))
        for row in cleared
    ]
    begins = StoryStep(actor=waiter, text=f"begins to wait for {wait.what}", place=place_at(wait.line))
    steps.append(
        StoryStep(actor=signaller, text=f"signals {signal.what}; nobody waits for it yet", place=place_at(signal.line))
    )
    steps += [step for _, step in sorted([*taken_back, (wait.index, begins)], key=lambda each: each[0])]
    gone = "waits for a signal that has gone by: a signal is not kept for who comes later"
    for row in cleared:
        who = "it cleared" if row.actor == wait.actor else f"{rows.name(row.actor)} cleared"
        gone = f"waits for a signal that has been taken back: {who} {row.what} after the signal had come"
    why = " It decided to wait by what it had read before." if stale is not None else ""
    return Story(
        kind=StoryKind.LOST_WAKEUP,
        parties=(),
        steps=tuple(steps),
        sentence=f"{waiter} {gone}.{why}",
    )


def _clearing(rows: Rows, wait: Row, signal: Row) -> list[Row]:
    """Who took the signal back before the waiter could find it, if anybody did; one row at most.

    The waiter's own `clear` may have been begun before it was stopped: then it is done after the signal.
    """
    until = min((row.index for row in rows.touches if row.actor == wait.actor and row.index > wait.index), default=None)
    cleared = [
        row
        for row in rows.touches
        if row.how is TouchKind.DELETE
        and row.thing == signal.thing
        and signal.index < row.index
        and (until is None or row.index < until)
    ]
    if cleared:
        return cleared[:1]
    for stretch in rows.stretches():
        if stretch.actor == wait.actor and not stretch.for_lock and stretch.start < signal.index < stretch.end:
            mine = [row for row in rows.touches if row.actor == wait.actor and row.index < stretch.start]
            if mine and mine[-1].how is TouchKind.DELETE and mine[-1].thing == signal.thing:
                return [replace(mine[-1], index=signal.index)]
    return []


def _stale_check(rows: Rows, wait: Row, signal: Row) -> tuple[Row, Row] | None:
    """What the waiter read before the signaller changed it: its last such read, and the last such change up to the signal."""
    for read in reversed([row for row in rows.touches if row.actor == wait.actor and row.index < signal.index]):
        if not read.of_state or read.thing == wait.thing:
            continue
        writes = [
            row
            for row in rows.touches
            if read.index < row.index <= signal.index
            and row.actor == signal.actor
            and row.writes
            and row.overlaps(read)
        ]
        if writes:
            return read, writes[-1]
    return None


def tasks_story(rows: Rows) -> Story | None:
    """The tasks of an event loop that had not finished when nobody could go on."""
    parked: dict[int, wire.Event] = {}
    names: dict[int, str] = {}
    for event in rows.trace.events:
        if event.kind is EventKind.STEP:
            names[event.data[0]] = event.data[1]
        elif event.kind is EventKind.PARK:
            parked[event.data[0]] = event
        elif event.kind is EventKind.FINISH:
            parked.pop(event.data[0], None)
    steps = []
    for task, event in sorted(parked.items())[:_TASKS_TOLD]:
        what, other = _AWAITED.get(event.data[1], event.data[1]), event.data[2]
        text = f"awaits task {names.get(other) or other}" if other >= 0 else f"awaits {what}"
        steps.append(StoryStep(actor=f"task {names.get(task) or task}", text=text, place=place_at(event.line)))
    if not steps:
        return None
    more = f" ({len(parked) - len(steps)} more are not shown)" if len(parked) > len(steps) else ""
    return Story(
        kind=StoryKind.TASKS_LEFT,
        parties=(),
        steps=tuple(steps),
        sentence=f"Nothing is left that could wake the tasks that are not done{more}.",
    )
