"""Who has which lock, event by event, from the details of a full trace.

A semaphore is a lock of several, or a signal: where some thread gives what it never took, it is a signal, and nobody holds
it. Reads a trace that is known to be well-formed; draws no conclusion.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from threadmarks import wire
from threadmarks.wire import EventKind

THE_CHECKS = "the check's"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One taking of a lock that has not been given back yet."""

    lock: int
    name: str
    line: int  # the student's line that took it; 0 when none
    time_ns: int
    serial: int  # the thread that has it


class Holders:
    """Who has what."""

    def __init__(self, events: Iterable[wire.Event]) -> None:
        self._signals = _signals(events)
        self._taken: list[Taken] = []  # in order of taking

    def of(self, serial: int) -> tuple[str, ...]:
        """The locks that a thread has, in order of taking."""
        return tuple(taken.name for taken in self._taken if taken.serial == serial)

    def left(self) -> tuple[Taken, ...]:
        """What has not been given back."""
        return tuple(self._taken)

    def take(self, event: wire.Event) -> Taken | None:
        """The running thread has the lock from now on; None for a signal."""
        number = event.data[0]
        if number in self._signals:
            return None
        taken = Taken(lock=number, name=lock_name(event), line=event.line, time_ns=event.time_ns, serial=event.thread)
        self._taken.append(taken)
        return taken

    def give(self, event: wire.Event) -> Taken | None:
        """The lock is given back, by the running thread or for another; None for a signal."""
        number = event.data[0]
        found = [taken for taken in self._taken if taken.lock == number]
        if not found:
            return None
        own = next((taken for taken in reversed(found) if taken.serial == event.thread), found[0])
        self._taken.remove(own)
        return own


def lock_name(event: wire.Event) -> str:
    """How a report calls the lock of a `take` or `give` event, with the line that made it: what no line of theirs made is the
    check's own.
    """
    number, what, made_line = event.data
    return f"{what} {letter(number)} ({f'line {made_line}' if made_line else THE_CHECKS})"


def letter(number: int) -> str:
    """A to Z, then numbers."""
    return _LETTERS[number] if number < len(_LETTERS) else str(number + 1)


def _signals(events: Iterable[wire.Event]) -> frozenset[int]:
    """The semaphores that some thread gave without having taken."""
    has: dict[tuple[int, int], int] = {}
    signals: set[int] = set()
    for event in events:
        if event.kind is EventKind.TAKE:
            key = (event.data[0], event.thread)
            has[key] = has.get(key, 0) + 1
        elif event.kind is EventKind.GIVE:
            key = (event.data[0], event.thread)
            if has.get(key, 0):
                has[key] -= 1
            elif event.data[1] == wire.COUNTED_LOCK:
                signals.add(event.data[0])
    return frozenset(signals)
