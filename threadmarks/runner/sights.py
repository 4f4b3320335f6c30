"""Locks as the student sees them: which one, made where, taken where.

The engine's locks stand below the standard library's: a Condition holds a lock that it made itself, a Semaphore counts under
one, a Queue has three. Only what the student makes and holds is told: Lock, RLock, Condition, and a Semaphore's permits;
an RLock is told when it is taken first and given back last. Used in full runs only. Must not change what a program does: it
reads the stack and an attribute of the standard library's own.
"""

import sys
import weakref
from types import FrameType
from typing import TYPE_CHECKING, Any

from threadmarks.runner.frames import FrameReader

if TYPE_CHECKING:
    from threadmarks.runner.baton import Scheduler

SHOWN = frozenset({"Lock", "RLock", "Condition", "Semaphore"})
"""What a student holds. A queue's own locks, an Event's, a Thread's are inside of what they wait in."""


class Sight:
    """One lock of the student's."""

    __slots__ = ("before", "line", "number", "semaphore", "what")

    def __init__(self, what: str, line: int, semaphore: Any) -> None:
        self.what = what
        self.line = line  # the student's line that made it; 0 when the driver did
        self.number = -1  # in the order in which locks were first taken; -1: not yet
        # The Semaphore that counts under this lock; None for a lock. Weakly: it must not live longer for being looked at.
        self.semaphore = weakref.ref(semaphore) if semaphore is not None else None
        self.before = 0  # a semaphore's permits when its lock was taken


def sight_of(reader: FrameReader, frame: FrameType | None) -> Sight | None:
    """What the code in `frame` makes, in the student's words; None when it is no lock of theirs."""
    what, outermost = reader.maker(frame, "Lock")
    if what not in SHOWN:
        return None
    semaphore = outermost.f_locals.get("self") if what == "Semaphore" and outermost is not None else None
    return Sight(what, reader.student_line(frame), semaphore)


def taken(scheduler: "Scheduler", sight: Sight) -> int:
    """The running thread has the lock. Returns the student's line that took it."""
    frame = sys._getframe(2)
    line = scheduler.reader.student_line(frame)
    if sight.semaphore is not None:
        sight.before = _permits(sight.semaphore())
    else:
        _tell(scheduler, "take", sight, line)
    return line


def given_back(scheduler: "Scheduler", sight: Sight) -> None:
    """The running thread gives the lock back; for a semaphore's: tell how its permits have changed meanwhile."""
    line = scheduler.reader.student_line(sys._getframe(2))
    if sight.semaphore is None:
        _tell(scheduler, "give", sight, line)
        return
    change = _permits(sight.semaphore()) - sight.before
    for _ in range(min(abs(change), 100)):
        _tell(scheduler, "take" if change < 0 else "give", sight, line)


def _tell(scheduler: "Scheduler", kind: str, sight: Sight, line: int) -> None:
    if scheduler.over or not scheduler.recorder.wants_detail():
        return
    if sight.number < 0:
        sight.number = scheduler.locks_seen
        scheduler.locks_seen += 1
    scheduler.keep_detail(kind, line, [sight.number, sight.what, sight.line])


def _permits(semaphore: Any) -> int:
    """The count of a `threading.Semaphore`, read below a subclass's own properties."""
    try:
        value = object.__getattribute__(semaphore, "_value")
    except AttributeError:
        return 0
    return value if type(value) is int else 0
