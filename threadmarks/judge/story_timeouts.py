"""Waits in a circle in a run that went on: a time-out ended them, or they lasted while others came to their end.

A deadlock in all but its verdict: a lock was not got, or got later than it should, or somebody else's time-out ended the run. Read from the waits and from who has which lock, event by
event; nothing is told of a time-out that no circle explains.
"""

from threadmarks import wire
from threadmarks.judge.failure import place_at
from threadmarks.judge.holding import Holders, Taken
from threadmarks.judge.outcomes import thread_name
from threadmarks.model import Story, StoryKind, StoryStep
from threadmarks.wire import EventKind


def has_timeouts(trace: wire.ScheduleTrace) -> bool:
    """Whether somebody waited in vain."""
    return any(event.kind is EventKind.WAKE and event.data[0] == "timeout" for event in trace.events)


def timeout_story(trace: wire.ScheduleTrace) -> Story | None:
    """The first circle of waits for locks that ended because somebody's time was over, else one that was left at the end; None
    when there is none.
    """
    holders = Holders(trace.events)
    waiting: dict[int, wire.Event] = {}
    for event in trace.events:
        if event.kind is EventKind.TAKE:
            holders.take(event)
        elif event.kind is EventKind.GIVE:
            holders.give(event)
        elif event.kind is EventKind.WAIT:
            waiting[event.thread] = event
        elif event.kind is EventKind.WAKE:
            circle = _circle(event.thread, waiting, holders) if event.data[0] == "timeout" else []
            if circle:
                return _told(trace, circle, ended=True)
            waiting.pop(event.thread, None)
    left = next((circle for thread in sorted(waiting) if (circle := _circle(thread, waiting, holders))), [])
    return _told(trace, left, ended=False) if left else None


def _circle(first: int, waiting: dict[int, wire.Event], holders: Holders) -> list[tuple[wire.Event, Taken]]:
    """Each wait of the circle, and the lock that it is for; empty where going from holder to holder does not lead back."""
    path: list[tuple[wire.Event, Taken]] = []
    thread = first
    while thread in waiting and len(path) <= len(waiting):
        wait = waiting[thread]
        taken = next((each for each in holders.left() if each.lock == wait.data[3]), None)
        if taken is None:
            return []
        path.append((wait, taken))
        thread = taken.serial
        if thread == first:
            return path
    return []


def _told(trace: wire.ScheduleTrace, circle: list[tuple[wire.Event, Taken]], *, ended: bool) -> Story:
    steps = [
        StoryStep(
            actor=thread_name(trace.threads, taken.serial), text=f"takes the {_lock(taken)}", place=place_at(taken.line)
        )
        for _, taken in circle
    ]
    for wait, taken in circle:
        itself = taken.serial == wait.thread
        holder = "it has itself" if itself else f"{thread_name(trace.threads, taken.serial)} has"
        text = f"waits for the {_lock(taken)} that {holder}"
        steps.append(StoryStep(actor=thread_name(trace.threads, wait.thread), text=text, place=place_at(wait.line)))
    names = [thread_name(trace.threads, wait.thread) for wait, _ in circle]
    if ended:
        steps.append(StoryStep(actor=names[0], text="gives up: its time is over", place=place_at(circle[0][0].line)))
    who = (
        f"{', '.join(names[:-1])} and {names[-1]} wait for each other"
        if len(names) > 1
        else f"{names[0]} waits for itself"
    )
    how = f"only the time-out of {names[0]} ended that" if ended else "none of them can go on"
    sentence = f"{who}: {how}."
    return Story(kind=StoryKind.CIRCLE, parties=(), steps=tuple(steps), sentence=sentence)


def _lock(taken: Taken) -> str:
    """The lock's name where a line in brackets follows."""
    return taken.name.replace(" (line ", " made in line ").rstrip(")")
