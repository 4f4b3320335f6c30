"""What student code touches at its points: which object, which part of it, read or written, and the values around it.

Asked for by one kind of run only, that from which a failure is told as a story. Such a run compiles calls of `_Watch.point`
instead of `preemption.point_at`; the points, their numbers and the choices are the same, so the schedule is the same, and
the digest proves it. Rows become `touch` events, in the order in which the accesses happen: a point comes before its
access, so a row is written when the thread goes on from its point, and the value afterwards is read at the next point
that any thread comes to.

Reading runs no code of the student's (`objects`). Objects are told apart by numbers in order of first sight, and kept alive
until the schedule ends: an address that is used twice would make one of two. A program that watches its objects die can
notice that; its digest differs then, and no story is told.

Approximated: the arguments of `x.jobs.append(f())` are evaluated between the point and the access; names of enclosing
functions are told apart by name only.
"""

import asyncio
import builtins
import concurrent.futures
import queue
import sys
import threading
from collections.abc import Callable
from typing import Any

from threadmarks.runner import baton, objects
from threadmarks.runner.objects import UNKNOWN
from threadmarks.runner.polling import KEY
from threadmarks.runner.preemption import POINT
from threadmarks.runner.sites import FLAGS, NAME_LIMIT, Site, Sites, Touch, Where
from threadmarks.runner.threads import State

CONTENTS = "[]"
"""The part of a container that its length, its truth or a walk over it looks at."""
NAMES = 0
"""In place of an object's number: the names of the module and of enclosing functions."""

_CHANGES = frozenset(
    [
        "append",
        "appendleft",
        "extend",
        "extendleft",
        "insert",
        "pop",
        "popleft",
        "popitem",
        "remove",
        "clear",
        "sort",
        "reverse",
        "rotate",
        "add",
        "discard",
        "update",
        "setdefault",
        "difference_update",
        "intersection_update",
        "symmetric_difference_update",
        "subtract",
        "move_to_end",
    ]
)
_QUEUE_LOOKS = frozenset({"qsize", "empty", "full"})
_QUEUE_CHANGES = frozenset({"put", "put_nowait", "get", "get_nowait"})
_FUTURE_LOOKS = frozenset({"done", "cancelled", "running", "result", "exception"})
_FUTURE_CHANGES = frozenset({"set_result", "set_exception", "cancel", "set_running_or_notify_cancel"})
_PERMITS = frozenset({"acquire", "release"})
_LIBRARY: objects.ByType[tuple[frozenset[str], frozenset[str], str]] = objects.ByType(
    {
        queue.Queue: (_QUEUE_LOOKS, _QUEUE_CHANGES, "queue"),
        queue.LifoQueue: (_QUEUE_LOOKS, _QUEUE_CHANGES, "queue"),
        queue.PriorityQueue: (_QUEUE_LOOKS, _QUEUE_CHANGES, "queue"),
        queue._PySimpleQueue: (_QUEUE_LOOKS, _QUEUE_CHANGES, "_queue"),  # type: ignore[attr-defined]  # pure Python
        asyncio.Queue: (_QUEUE_LOOKS, _QUEUE_CHANGES, "_queue"),
        threading.Semaphore: (frozenset(), _PERMITS, "_value"),  # a permit is kept for who comes later: it is no signal
        threading.BoundedSemaphore: (frozenset(), _PERMITS, "_value"),
        concurrent.futures.Future: (_FUTURE_LOOKS, _FUTURE_CHANGES, "_state"),
        asyncio.Future: (_FUTURE_LOOKS, _FUTURE_CHANGES, ""),
    }
)
"""What the standard library guards itself, one call at a time: calls that look, calls that change, where the state is."""
_SIGNALS: objects.ByType[frozenset[str]] = objects.ByType(
    {
        threading.Condition: frozenset({"notify", "notify_all"}),
        threading.Event: frozenset({"set"}),
        asyncio.Event: frozenset({"set"}),
        asyncio.Condition: frozenset({"notify", "notify_all"}),
    }
)
_CALLS = {"wait": "wait", "wait_for": "wait", "clear": "delete", "is_set": "read"}
"""What other calls of them do: `clear` takes an Event's signal back."""


class _Watch:
    """The rows of one process's schedules."""

    def __init__(self, sites: Sites, source: str) -> None:
        self._sites = sites
        self._lines = source.encode("utf-8", "surrogatepass").splitlines()
        self._scheduler: baton.Scheduler | None = None
        self._begin(None)

    def _begin(self, scheduler: "baton.Scheduler | None") -> None:
        self._scheduler = scheduler
        self._numbers: dict[int, int] = {}  # of objects, by address
        self._kept: list[Any] = []
        self._updates: dict[
            int, list[tuple[Any, Any, list[Any] | None]]
        ] = {}  # by thread: reads of `x.n += 1` under way
        self._open: list[Any] | None = None  # the last row, whose value afterwards is not known yet
        self._again: Callable[[], str] = str
        self._standing: dict[int, tuple[int, Any, Any]] = {}  # by thread: the point at which it is
        self._container_of_open: Any = None
        self._now_of: dict[int, Callable[[], str]] = {}  # by row: the value of the item that it is of
        self._of = 0  # the number of the last point

    # ---- what instrumented code calls

    def point(self, value: Any, number: int) -> Any:
        """As `preemption.point_at`, and tell what is touched."""
        scheduler = baton.active
        if scheduler is None:
            return value
        if scheduler is not self._scheduler:
            self._begin(scheduler)
            scheduler.closing.append(self._close)
        self.complete()
        site = self._sites[number]
        frame = sys._getframe(1)
        serial = scheduler.current.serial
        self._standing[serial] = (number, value, frame)
        scheduler.point(number, value)
        self.complete()  # what others did last, if they ran
        del self._standing[serial]
        self._of = number & ~FLAGS
        self._touch(site, value, frame)
        return value

    def key(self, value: Any, number: int) -> Any:
        """What no point tells. The key of an item: the row of its container is told more exactly. The read of `n += 1`, where
        `n` is a name. A container that a bare name is looked into for.
        """
        scheduler = baton.active
        if scheduler is None or scheduler is not self._scheduler:
            return value
        site = self._sites[number]
        if site.touch is Touch.LOOK:
            self._looked_at(site, value)
            return value
        if site.where is Where.NAME:
            self.complete()
            self._name(site, sys._getframe(1), "read", UNKNOWN)
            return value
        row = self._open
        if row is not None and objects.is_plain_key(value) and row[2] == CONTENTS and self._of == number:
            row[2] = f"[{objects.short(value)}]"[:NAME_LIMIT]
            container = self._container_of_open

            def now() -> str:
                return objects.short(objects.item(container, value))

            row[4], self._again = now(), now
            self._now_of[id(row)] = now
        return value

    def complete(self) -> None:
        """The last access has happened: read the value again."""
        row = self._open
        if row is not None:
            self._open = None
            row[5] = self._again()

    def _close(self) -> None:
        """The schedule is over: tell what threads that were stopped at a point were about to do."""
        self.complete()
        scheduler = self._scheduler
        assert scheduler is not None
        running = scheduler.current
        for serial, (number, value, frame) in sorted(self._standing.items(), key=lambda each: each[0]):
            thread = scheduler.threads[serial]
            if thread is not running and thread.state is State.READY:
                scheduler.current = thread
                self._touch(self._sites[number], value, frame)
        scheduler.current = running
        self._open = None
        self._standing.clear()

    # ---- one access

    def _touch(self, site: Site, value: Any, frame: Any) -> None:
        if site.touch in (Touch.ROUND, Touch.CALL):
            return
        if site.where is Where.NAME:
            if site.touch is Touch.READ:
                self._name(site, frame, "read", value)
                self._looked_at(site, value)
            else:
                self._name(site, frame, "write", UNKNOWN)
        elif site.touch is Touch.STORE:
            self._store(site)
        elif objects.watched(value):
            self._container(site, value)
        elif site.where is Where.ATTRIBUTE:
            self._attribute(site, value)

    def _name(self, site: Site, frame: Any, how: str, value: Any) -> None:
        name = site.name

        def now() -> str:
            return objects.short(_value_of(frame, name))

        before = now() if value is UNKNOWN else objects.short(value)
        self._row(site, how, NAMES, name, name, before, now)

    def _attribute(self, site: Site, owner: Any) -> None:
        kind, name = type(owner), site.name
        library = _LIBRARY.get(kind)
        if library is not None:
            looks, changes, state = library
            if site.called and name in looks | changes:
                self._state(site, "read" if name in looks else "write", owner, state)
            return
        signals = _SIGNALS.get(kind)
        if signals is not None:
            how = "signal" if name in signals else _CALLS.get(name, "")
            if site.called and how:
                waiting = str(_waiters(owner))
                self._row(site, how, self._number(owner), "", self._base(site), waiting, lambda: waiting)
            return
        if kind is type(sys) and site.touch is Touch.READ:
            return
        if objects.computed(owner, name) or (site.called and not objects.stored(owner, name)):
            return
        value = objects.attribute(owner, name)
        how = {Touch.WRITE: "write", Touch.DELETE: "delete"}.get(site.touch, "read")
        row = self._part(site, how, owner, value)
        if site.touch is Touch.UPDATE:
            self._updating(site, owner, row)
        elif site.touch is Touch.READ:
            self._looked_at(site, value)

    def _part(self, site: Site, how: str, owner: Any, value: Any) -> list[Any] | None:
        name = site.name
        return self._row(
            site,
            how,
            self._number(owner),
            name,
            self._spelled(site.node) or f".{name}",
            objects.short(value),
            lambda: objects.short(objects.attribute(owner, name)),
        )

    def _container(self, site: Site, value: Any) -> None:
        if site.where is Where.ATTRIBUTE:
            if site.called:
                self._contents(site, "write" if site.name in _CHANGES else "read", value, value)
            return
        how = {Touch.WRITE: "write", Touch.DELETE: "delete"}.get(site.touch, "read")
        row = self._contents(site, how, value, value)
        self._container_of_open = value
        if site.touch is Touch.UPDATE:
            self._updating(site, value, row)

    def _looked_at(self, site: Site, value: Any) -> None:
        """A container that was read, and goes to no other point: its length, its truth or its items are looked at."""
        if not site.passed_on and not site.called and objects.watched(value):
            self.complete()
            self._contents(site, "read", value, value, self._spelled(site.node))

    def _contents(self, site: Site, how: str, owner: Any, inner: Any, what: str = "") -> list[Any] | None:
        def now() -> str:
            return objects.short(inner) if objects.watched(inner) else ""

        return self._row(site, how, self._number(owner), CONTENTS, what or self._base(site), now(), now)

    def _state(self, site: Site, how: str, owner: Any, state: str) -> None:
        """A thing of the standard library's, as one value."""

        def now() -> str:
            value = objects.attribute(owner, state)
            return objects.short(value) if objects.is_plain_key(value) or objects.watched(value) else ""

        self._row(site, how, self._number(owner), CONTENTS, self._base(site), now(), now)

    def _updating(self, site: Site, owner: Any, row: list[Any] | None) -> None:
        scheduler = self._scheduler
        assert scheduler is not None
        under_way = self._updates.setdefault(scheduler.current.serial, [])
        under_way.append((site.node, owner, row))
        del under_way[:-50]  # exceptions leave some behind

    def _store(self, site: Site) -> None:
        scheduler = self._scheduler
        assert scheduler is not None
        under_way = self._updates.get(scheduler.current.serial, [])
        while under_way:
            node, owner, read = under_way.pop()
            if node is site.node:
                break
        else:
            return
        if site.where is Where.ATTRIBUTE:
            self._part(site, "write", owner, objects.attribute(owner, site.name))
        else:
            row = self._contents(site, "write", owner, owner)
            if row is not None and read is not None:
                self._same_item(row, read)

    def _same_item(self, row: list[Any], read: list[Any]) -> None:
        """The write of `d[k] += 1` is of the item that its read was of."""
        row[2], row[4] = read[2], read[5]
        self._again = self._now_of.get(id(read), str)

    # ---- rows

    def _row(  # the columns
        self, site: Site, how: str, thing: int, part: str, what: str, before: str, now: Callable[[], str]
    ) -> list[Any] | None:
        scheduler = self._scheduler
        assert scheduler is not None
        if scheduler.over or not scheduler.recorder.wants_detail():
            return None
        row = [how, thing, part, what, before, before]
        scheduler.keep_detail("touch", site.line, row)
        self._open, self._again = row, now
        return row

    def _number(self, thing: Any) -> int:
        number = self._numbers.get(id(thing))
        if number is None:
            self._kept.append(thing)
            number = self._numbers[id(thing)] = len(self._kept)
        return number

    # ---- how the program spells it

    def _base(self, site: Site) -> str:
        """The text of what the point is in: `self.jobs` of `self.jobs.append` and of `self.jobs[0]`."""
        node = getattr(site.node, "value", None) if site.where is not Where.NOTHING else site.node
        if site.where is Where.NAME:
            node = site.node
        return self._spelled(node) or "a container"

    def _spelled(self, node: Any) -> str:
        line, end = getattr(node, "lineno", 0), getattr(node, "end_lineno", None)
        if not 0 < line <= len(self._lines) or line != end:
            return ""
        text = self._lines[line - 1][node.col_offset : node.end_col_offset].decode("utf-8", "backslashreplace")
        return text if len(text) <= NAME_LIMIT and text.isprintable() else ""


def _value_of(frame: Any, name: str) -> Any:
    """A name's value in the function, in those around it, or in its module."""
    found = objects.named(frame.f_locals, name)
    return objects.named(frame.f_globals, name) if found is UNKNOWN else found


def _waiters(signal: Any) -> int:
    """How many wait for a Condition, an Event or a Semaphore of the standard library's exact types."""
    condition = objects.attribute(signal, "_cond")
    return objects.length(objects.attribute(signal if condition is UNKNOWN else condition, "_waiters"))


def install(sites: Sites, source: str) -> None:
    """From now on, and for the rest of the process, points tell what they touch."""
    watch = _Watch(sites, source)
    setattr(builtins, POINT, watch.point)
    setattr(builtins, KEY, watch.key)
