"""A run as checks see it: facts by name, threads, counters, all immutable.

`Trace` reads a decoded `wire.ScheduleTrace` and adds the questions that checks ask. It holds no expectation.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from threadmarks import wire
from threadmarks.judge.failure import CheckFailed, Failure
from threadmarks.judge.outcomes import failure_of_trace
from threadmarks.model import Finding, Verdict
from threadmarks.runner.inputs import inputs_of
from threadmarks.wire import ThreadRecord

STUDENT = "student"
_NS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A fact that the scenario recorded with `probe.note`."""

    name: str
    value: Any  # a plain JSON value; what was not plain is {"type": its type's name}
    time_s: float  # virtual
    thread: int  # serial of the thread that recorded it
    line: int  # the student's innermost line then; 0 when none
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A moment that the scenario named with `probe.mark`, with a snapshot of the counters."""

    name: str
    time_s: float
    step: int
    started: int  # threads started so far, main not counted
    counters: dict[int, tuple[int, int]]  # by serial: (resumes, preemption points)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockingCall:
    """A call that held up an event loop: made within a task's step or another callback of the loop."""

    what: str  # "sleep", "Queue.get", "Lock", "open", ...
    line: int  # in the student's file; 0 when none
    time_s: float  # virtual, when it began
    lasted_s: float | None  # None: until the run's end


class Trace:
    """One schedule of a scenario. Immutable; `token` runs it again."""

    def __init__(self, record: wire.ScheduleTrace, token: str, input_seed: int = 0) -> None:
        self._record = record
        self.token = token
        self._input_seed = input_seed

    def __repr__(self) -> str:
        return f"<Trace {self.token}: {self.outcome.value}>"

    def inputs(self) -> random.Random:
        """What the scenario's `probe.random` was at its beginning: draw the same numbers again, in the same order.

        Drawn here and not read from the trace: what a runner tells about its inputs proves nothing.
        """
        return inputs_of(self._input_seed)

    @property
    def record(self) -> wire.ScheduleTrace:
        """The decoded record itself, with every event that was kept."""
        return self._record

    @property
    def outcome(self) -> wire.Outcome:
        return self._record.outcome

    @property
    def completed(self) -> bool:
        """Whether the scenario returned."""
        return self._record.outcome is wire.Outcome.COMPLETED

    @property
    def virtual_s(self) -> float:
        """How long the run took, in virtual seconds."""
        return self._record.virtual_ns / _NS

    @property
    def value(self) -> Any:
        """What the scenario returned, plain."""
        return self._record.value

    @property
    def error(self) -> wire.ErrorRecord | None:
        """The exception that left the scenario."""
        return self._record.error

    @property
    def waits(self) -> tuple[wire.WaitRecord, ...]:
        """Who waited for what when the run ended."""
        return self._record.waits

    @property
    def threads(self) -> tuple[ThreadRecord, ...]:
        """Every thread, main first, in order of creation."""
        return self._record.threads

    @property
    def student_threads(self) -> tuple[ThreadRecord, ...]:
        """The threads that the student's code started."""
        return _of_origin(self.threads, STUDENT)

    @cached_property
    def stdout(self) -> str:
        """What the program wrote to standard output."""
        return self._output("stdout")

    @cached_property
    def stderr(self) -> str:
        """What the program wrote to standard error."""
        return self._output("stderr")

    def _output(self, stream: str) -> str:
        return "".join(
            event.data[1]
            for event in self._record.events
            if event.kind is wire.EventKind.OUTPUT and event.data[0] == stream
        )

    @cached_property
    def _all_notes(self) -> tuple[Note, ...]:
        return tuple(
            Note(
                name=event.data[0],
                value=event.data[1],
                time_s=event.time_ns / _NS,
                thread=event.thread,
                line=event.line,
                step=event.step,
            )
            for event in self._record.events
            if event.kind is wire.EventKind.NOTE
        )

    @cached_property
    def _marks(self) -> dict[str, Mark]:
        marks: dict[str, Mark] = {}
        for event in self._record.events:
            if event.kind is wire.EventKind.MARK:
                name, started, counters = event.data
                by_serial = {serial: (resumes, points) for serial, resumes, points in counters}
                time_s = event.time_ns / _NS
                marks.setdefault(
                    name, Mark(name=name, time_s=time_s, step=event.step, started=started, counters=by_serial)
                )
        return marks

    def notes(self, name: str) -> tuple[Note, ...]:
        """Every note of that name, in order."""
        return tuple(note for note in self._all_notes if note.name == name)

    def has(self, name: str) -> bool:
        """Whether there is a note of that name."""
        return any(note.name == name for note in self._all_notes)

    def note(self, name: str) -> Note:
        """The first note of that name. A missing one fails the check: with what ended the run, else "not-reached"."""
        for note in self._all_notes:
            if note.name == name:
                return note
        raise self._not_reached(name)

    def mark(self, name: str) -> Mark:
        """The first mark of that name. A missing one fails the check like a missing note."""
        mark = self._marks.get(name)
        if mark is None:
            raise self._not_reached(name)
        return mark

    def _not_reached(self, name: str) -> CheckFailed:
        failure = failure_of_trace(self._record)
        message = f"Your program did not get as far as this check looks at ({name.replace('_', ' ')})."
        if self._record.dropped_events:  # a flood of calls into the check's own functions can only be the program's
            message += f" So much happened that {self._record.dropped_events} events were left out of the record."
        return CheckFailed(
            failure or Failure(finding=Finding(code="not-reached", message=message), verdict=Verdict.FAILED)
        )

    def blocking_calls(self, a: str | None = None, b: str | None = None) -> tuple[BlockingCall, ...]:
        """What held up an event loop between two marks (None: the beginning, the end), in order.

        Waits that were over in no time are left out: nobody can say that the loop missed anything. Opening a file counts,
        however quick it was here. Full traces tell it, as `run` gives them.
        """
        first = 0 if a is None else self.mark(a).step
        last = None if b is None else self.mark(b).step
        events = self._record.events
        return tuple(
            call
            for index, event in enumerate(events)
            if event.kind is wire.EventKind.BLOCK and event.step >= first and (last is None or event.step < last)
            for call in [self._blocking_call(event, events[index + 1 :])]
            if call.lasted_s != 0 or not event.data[1]
        )

    @staticmethod
    def _blocking_call(event: wire.Event, later: tuple[wire.Event, ...]) -> BlockingCall:
        """What a `block` event says, with the wake-up that ended it."""
        what, waits = event.data
        ended_ns: int | None = event.time_ns
        if waits:
            wakes = (e.time_ns for e in later if e.kind is wire.EventKind.WAKE and e.thread == event.thread)
            ended_ns = next(wakes, None)
        return BlockingCall(
            what=what,
            line=event.line,
            time_s=event.time_ns / _NS,
            lasted_s=None if ended_ns is None else (ended_ns - event.time_ns) / _NS,
        )

    def started_between(self, a: str | None, b: str | None, origin: str = STUDENT) -> tuple[ThreadRecord, ...]:
        """The threads started between two marks (None: the beginning, the end)."""
        first = 0 if a is None else self.mark(a).started
        last = len(self.threads) - 1 if b is None else self.mark(b).started
        return _of_origin((thread for thread in self.threads if first < thread.serial <= last), origin)

    def resumes_between(self, a: str | None, b: str | None, origin: str = STUDENT) -> dict[int, int]:
        """How often each thread was given the baton between two marks, by serial."""
        return {serial: resumes for serial, (resumes, _) in self._counted(a, b, origin).items()}

    def points_between(self, a: str | None, b: str | None, origin: str = STUDENT) -> dict[int, int]:
        """How many preemption points each thread passed between two marks, by serial."""
        return {serial: points for serial, (_, points) in self._counted(a, b, origin).items()}

    def _counted(self, a: str | None, b: str | None, origin: str) -> dict[int, tuple[int, int]]:
        """Differences of the counters, for the threads that had been started by the second moment."""
        before = {} if a is None else self.mark(a).counters
        if b is None:
            after = {thread.serial: (thread.resumes, thread.points) for thread in self.threads}
        else:
            after = self.mark(b).counters
        counted = {}
        for thread in _of_origin(self.threads, origin):
            if thread.serial in after:
                resumes, points = after[thread.serial]
                resumes_before, points_before = before.get(thread.serial, (0, 0))
                counted[thread.serial] = (resumes - resumes_before, points - points_before)
        return counted

    def high_water(self, enter: str, leave: str) -> int:
        """The greatest number of `enter` notes that were not yet followed by a `leave` note."""
        inside = highest = 0
        for note in self._all_notes:
            inside += (note.name == enter) - (note.name == leave)
            highest = max(highest, inside)
        return highest

    def alive_at_end(self, origin: str = STUDENT) -> tuple[ThreadRecord, ...]:
        """The threads that had not ended when the run did."""
        return tuple(thread for thread in _of_origin(self.threads, origin) if thread.ended_ns < 0)


def _of_origin(threads: Iterable[ThreadRecord], origin: str) -> tuple[ThreadRecord, ...]:
    """Main is nobody's: it was not started by the program."""
    return tuple(thread for thread in threads if thread.serial > 0 and thread.origin == origin)
