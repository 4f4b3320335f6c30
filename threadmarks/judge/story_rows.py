"""What a story is made of: the touches of a trace, who made each, and the stretches in which somebody stood still.

Actors are threads, and the tasks of an event loop on their threads. A stretch is what others did while an actor was stopped
although it could have gone on, while it waited for a lock, or while a task was parked. What a constructor does to its own object before
anybody else has touched it is left out: it is nobody's business yet. Reads events only; which of them matter is for others to say.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from threadmarks import wire
from threadmarks.judge.outcomes import thread_name
from threadmarks.wire import EventKind, TouchKind

CONTENTS = "[]"
_CONSTRUCTORS = frozenset({"__init__", "__new__", "__post_init__"})
WAITING = frozenset({wire.Outcome.DEADLOCK, wire.Outcome.STALLED})
"""Outcomes that mean that nobody can go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One touch."""

    index: int  # of its event
    actor: int
    line: int
    how: TouchKind
    thing: int
    part: str
    what: str
    before: str
    after: str
    pending: bool  # the actor was stopped before it, and never went on

    @property
    def writes(self) -> bool:
        """Whether it may have changed what it touches."""
        return self.how in (TouchKind.WRITE, TouchKind.DELETE)

    @property
    def of_state(self) -> bool:
        """Whether it touches a value, not somebody who waits."""
        return self.writes or self.how is TouchKind.READ

    def overlaps(self, other: "Row") -> bool:
        """Whether both touch the same part of the same thing."""
        if self.thing != other.thing or not self.of_state or not other.of_state:
            return False
        items = self.part.startswith("[") and other.part.startswith("[")
        return self.part == other.part or (items and CONTENTS in (self.part, other.part))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """From the event at which an actor was stopped to the first at which it goes on."""

    actor: int
    line: int  # where it was stopped
    start: int
    end: int
    for_lock: bool = False  # it could not have gone on: it waited for a lock


class Rows:
    """The touches and stretches of one trace."""

    def __init__(self, trace: wire.ScheduleTrace, source: str = "") -> None:
        """`source`: of the submission, to know its constructors by."""
        self.trace = trace
        self._own_names = constructors(source)
        self._task_names: dict[int, str] = {}
        self.actors: list[int] = []  # of each event
        self._read_actors()
        self.touches = tuple(self._shared(self._touches()))

    def _read_actors(self) -> None:
        under_way: dict[int, list[int]] = {}
        for event in self.trace.events:
            tasks = under_way.setdefault(event.thread, [])
            if event.kind is EventKind.STEP:
                tasks.append(event.data[0])
                self._task_names[event.data[0]] = event.data[1]
            self.actors.append(wire.THREADS_LIMIT + tasks[-1] if tasks else event.thread)
            if event.kind in (EventKind.PARK, EventKind.FINISH) and tasks:
                tasks.pop()

    def _touches(self) -> Iterator[Row]:
        stopped: set[int] = set()
        for index, event in enumerate(self.trace.events):
            if event.kind is EventKind.SWITCH:
                if event.data[3] is True:
                    stopped.add(event.thread)
                stopped.discard(event.data[1])
            elif event.kind is EventKind.TOUCH:
                how, thing, part, what, before, after = event.data
                yield Row(
                    index=index,
                    actor=self.actors[index],
                    line=event.line,
                    how=TouchKind(how),
                    thing=thing,
                    part=part,
                    what=what,
                    before=before,
                    after=after,
                    pending=event.thread in stopped,
                )

    def _shared(self, rows: Iterator[Row]) -> Iterator[Row]:
        """The rows without those of constructors at their own objects, up to where another has touched the object."""
        touched_by: dict[int, set[int]] = {}
        for row in rows:
            actors = touched_by.setdefault(row.thing, set())
            actors.add(row.actor)
            own = row.what == f"{self._own_names.get(row.line)}.{row.part}"
            if not own or actors != {row.actor}:
                yield row

    def name(self, actor: int) -> str:
        """How a report calls an actor."""
        task = actor - wire.THREADS_LIMIT
        if task < 0:
            return thread_name(self.trace.threads, actor)
        return f"task {self._task_names.get(task) or task}"

    def stretches(self) -> Iterator[Stretch]:
        """Where a thread was stopped that could have gone on or waited for a lock, and where a task awaited something."""
        for index, event in enumerate(self.trace.events):
            stopped = event.kind is EventKind.SWITCH and event.data[3] is True
            if stopped or event.kind is EventKind.PARK:
                actor = self.actors[index]
                yield Stretch(actor=actor, line=event.line, start=index, end=self._next_of(actor, index))
            elif event.kind is EventKind.WAIT and event.data[3] >= 0:
                actor = self.actors[index]
                end = self._next_of(actor, index, passive=(EventKind.WAKE, EventKind.SWITCH))
                yield Stretch(actor=actor, line=event.line, start=index, end=end, for_lock=True)

    def _next_of(self, actor: int, index: int, passive: tuple[EventKind, ...] = ()) -> int:
        """Where the actor does something again. `passive`: that somebody who waited is woken, or gave way, is nothing that it does."""
        for later in range(index + 1, len(self.actors)):
            if self.actors[later] == actor and self.trace.events[later].kind not in passive:
                return later
        return len(self.actors)


def constructors(source: str) -> dict[int, str]:
    """For each line of a constructor, what it calls its own object. Empty for a source that is none, or nested too deep."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    names: dict[int, str] = {}
    for each in ast.walk(tree):
        if isinstance(each, ast.FunctionDef) and each.name in _CONSTRUCTORS:
            arguments = [*each.args.posonlyargs, *each.args.args]
            own = arguments[0].arg if arguments else ""
            names |= dict.fromkeys(range(each.lineno, (each.end_lineno or each.lineno) + 1), own)
    return names
