"""What the details of a trace must be: locks, switches, steps of tasks and touches that fit together. Part of `wellformed`.

A lock is told under one number and has one holder, unless it is counted; a switch goes to another thread; a step of a task ends on the
thread where it began. As in `wellformed`, each rule holds of every run that an engine can truthfully report.
"""

from collections.abc import Callable
from typing import Any

from threadmarks import wire
from threadmarks.wire import EventKind

_WORD_LIMIT = 2_000
_TOUCH_KINDS = frozenset(kind.value for kind in wire.TouchKind)


class Details:
    """Reads the details of one trace in their order, and holds each against those before it."""

    def __init__(self, trace: wire.ScheduleTrace, request: wire.RunRequest) -> None:
        self._trace = trace
        self._threads = trace.threads
        self._locks: list[tuple[str, int]] = []  # what and where made, by number
        self._held: set[int] = set()  # numbers of those that one thread alone can have
        self._tasks = 0  # seen so far
        self._touches = request.touches
        self._touched = 0  # objects seen so far, beside the names
        self._steps: dict[int, list[int]] = {}  # by thread: tasks whose step goes on, the innermost last

    @property
    def locks(self) -> int:
        """How many locks were told so far."""
        return len(self._locks)

    def fits(self, event: wire.Event) -> bool:
        """Whether a detail fits those before it."""
        return _FITS[event.kind](self, event)

    def take(self, event: wire.Event) -> bool:
        """A lock as it was told before, or the next new one; free, unless several may have it."""
        if not self._names_lock(event.data):
            return False
        number, what, _ = event.data
        free = number not in self._held
        if what != wire.COUNTED_LOCK:
            self._held.add(number)
        return free

    def give(self, event: wire.Event) -> bool:
        """A lock that somebody has; anybody may give it back."""
        if not self._names_lock(event.data):
            return False
        number, what, _ = event.data
        had = number in self._held or what == wire.COUNTED_LOCK
        self._held.discard(number)
        return had

    def _names_lock(self, data: tuple[Any, ...]) -> bool:
        if len(data) != 3 or type(data[0]) is not int or type(data[1]) is not str or type(data[2]) is not int:
            return False
        number, what, line = data
        if not 0 <= number <= len(self._locks) or not 0 <= line < 1 << 63 or len(what) > _WORD_LIMIT:
            return False
        if number == len(self._locks):
            self._locks.append((what, line))
        known: bool = self._locks[number] == (what, line)
        return known

    def switch(self, event: wire.Event) -> bool:
        """From this thread to another, after no more choices than were counted, among at least one."""
        data = event.data
        if len(data) != 4 or any(type(number) is not int for number in data[:3]) or type(data[3]) is not bool:
            return False
        choice, following, could_run, _ = data
        to_another: bool = 0 <= following < len(self._threads) and following != event.thread
        among: bool = 0 <= choice <= self._trace.points and 1 <= could_run <= len(self._threads)
        return among and to_another

    def step(self, event: wire.Event) -> bool:
        """A task seen before, or the next new one."""
        data = event.data
        if len(data) != 2 or type(data[0]) is not int or type(data[1]) is not str or len(data[1]) > _WORD_LIMIT:
            return False
        if not 0 <= data[0] <= self._tasks:
            return False
        self._tasks = max(self._tasks, data[0] + 1)
        self._steps.setdefault(event.thread, []).append(data[0])
        return True

    def park(self, event: wire.Event) -> bool:
        """The task whose step goes on here; what it awaits."""
        data = event.data
        if len(data) != 3 or type(data[1]) is not str or len(data[1]) > _WORD_LIMIT or type(data[2]) is not int:
            return False
        if not -1 <= data[2] <= self._tasks:  # it may be one that has not had a step yet
            return False
        self._tasks = max(self._tasks, data[2] + 1)
        return self._ends_step(event)

    def finish(self, event: wire.Event) -> bool:
        """The task whose step goes on here; what ended it."""
        data = event.data
        return len(data) == 2 and type(data[1]) is str and len(data[1]) <= _WORD_LIMIT and self._ends_step(event)

    def block(self, event: wire.Event) -> bool:
        """What was called, and whether it waits."""
        data = event.data
        return len(data) == 2 and type(data[0]) is str and len(data[0]) <= _WORD_LIMIT and type(data[1]) is bool

    def touch(self, event: wire.Event) -> bool:
        """Where it was asked for: an object seen before, or the next new one, and short texts."""
        data = event.data
        if not self._touches or len(data) != 6 or type(data[1]) is not int:
            return False
        how, thing, *texts = data
        if type(how) is not str or how not in _TOUCH_KINDS or not 0 <= thing <= self._touched + 1:
            return False
        self._touched = max(self._touched, thing)
        return all(type(text) is str and len(text) <= wire.TOUCH_TEXT for text in texts)

    def _ends_step(self, event: wire.Event) -> bool:
        under_way = self._steps.get(event.thread)
        return under_way is not None and len(under_way) > 0 and event.data[0] == under_way.pop()


_FITS: dict[EventKind, Callable[[Details, wire.Event], bool]] = {
    EventKind.TAKE: Details.take,
    EventKind.GIVE: Details.give,
    EventKind.SWITCH: Details.switch,
    EventKind.STEP: Details.step,
    EventKind.PARK: Details.park,
    EventKind.FINISH: Details.finish,
    EventKind.BLOCK: Details.block,
    EventKind.TOUCH: Details.touch,
}
