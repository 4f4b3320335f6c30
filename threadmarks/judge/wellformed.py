"""What a runner's answer must be beyond its types and ranges: the invariants of a well-formed message, all in one place.

`wire` says of what type each field is and in which range; `decode` says in which order messages come; this module says
what must fit together within one. A runner is untrusted: whatever does not fit is refused, so that all that follows (checks,
timelines, reports) may rely on it. Each rule holds of every schedule that an engine can truthfully report, whatever the
program did; a rule that some odd program breaks would turn an honest answer into a malformed one. Shows no forgery to be
one: a lie that fits together passes here.
"""

import re
from collections.abc import Callable
from typing import Any

from threadmarks import wire
from threadmarks.errors import ProtocolError
from threadmarks.judge.wellformed_details import Details
from threadmarks.wire import EventKind, Outcome

NESTING_LIMIT = 12
"""How deep a plain value may be nested; the runner cuts off at 8, and a note stands within an event."""
FRAMES_LIMIT = 64
_INT_LIMIT = 1 << 63
_AFTER_ITS_END = frozenset({EventKind.OUTPUT, EventKind.SWITCH})
_CHOICE_PARTS = re.compile("[-:]")
_PREEMPTION = re.compile("-[0-9a-z]+-")
_SCALARS = frozenset({str, bool, float, type(None)})


def check_loaded(loaded: wire.Loaded, request: wire.RunRequest) -> None:
    """Hold what loading gave against what was asked. Raises ProtocolError.

    An error exactly when it is not "ok", and only then a dependency to blame; a problem of the API only when loaded, and only
    of a name that was asked for.
    """
    if (loaded.phase == "ok") != (loaded.error is None):
        raise ProtocolError(f"a Loaded of phase {loaded.phase!r} that contradicts itself")
    if loaded.error is not None:
        _check_frames(loaded.error)
    if loaded.module and (loaded.error is None or loaded.module not in [each.module for each in request.dependencies]):
        raise ProtocolError("a Loaded that blames a module which is not to blame")
    if loaded.api:
        asked = {entry.name for entry in request.api}
        if loaded.phase != "ok" or any(problem.name not in asked for problem in loaded.api):
            raise ProtocolError("a Loaded with a problem of a name that was not asked for")


def check_trace(trace: wire.ScheduleTrace, request: wire.RunRequest) -> None:
    """Hold a trace against every rule below. Raises ProtocolError."""
    if not 0 <= trace.virtual_ns < wire.TIME_LIMIT_NS:
        raise ProtocolError("a schedule that ends at no moment")
    _check_threads(trace)
    _check_end(trace)
    _Events(trace, request).check()
    if not is_plain(trace.value):
        raise ProtocolError("a result that is no plain value")


def is_plain(value: Any, nesting: int = NESTING_LIMIT) -> bool:
    """Whether decoded JSON is a value as a runner may send it: whole numbers in 64 bits, nested no deeper than so."""
    kind = type(value)
    if kind is int:
        number: int = value
        return -_INT_LIMIT <= number < _INT_LIMIT
    if kind in _SCALARS:
        return True
    if nesting == 0:
        return False
    return all(is_plain(item, nesting - 1) for item in (value.values() if kind is dict else value))


def _check_threads(trace: wire.ScheduleTrace) -> None:
    """Main first, the others numbered in order of creation, each started by an older one that was alive, within the run."""
    threads = trace.threads
    if not 0 < len(threads) <= wire.THREADS_LIMIT:
        raise ProtocolError(f"{len(threads)} threads")
    if [thread.serial for thread in threads] != list(range(len(threads))):
        raise ProtocolError("threads are not numbered in order of creation")
    main = threads[0]
    if (main.parent, main.origin, main.started_ns, main.ended_ns) != (-1, "driver", 0, -1):
        raise ProtocolError("a main thread that was started, or ended before the run")
    latest_ns = 0
    for thread in threads[1:]:
        if not 0 <= thread.parent < thread.serial:
            raise ProtocolError(f"thread {thread.serial} was started by none before it")
        parent = threads[thread.parent]
        if not latest_ns <= thread.started_ns <= trace.virtual_ns or 0 <= parent.ended_ns < thread.started_ns:
            raise ProtocolError(f"thread {thread.serial} was started out of its time")
        if thread.ended_ns != -1 and not thread.started_ns <= thread.ended_ns <= trace.virtual_ns:
            raise ProtocolError(f"thread {thread.serial} ended out of its time")
        latest_ns = thread.started_ns


def _check_end(trace: wire.ScheduleTrace) -> None:
    """The outcome, the error, the choices and the wait-for graph tell one story."""
    outcome, spec = trace.outcome, trace.spec
    if (outcome is Outcome.RAISED) != (trace.error is not None):
        raise ProtocolError(f"outcome {outcome.value} contradicts the error record")
    if outcome is Outcome.DIVERGED and not spec.startswith(("replay.", "tree.")):
        raise ProtocolError("a schedule that diverged from no record")
    made = _check_choices(trace)
    if trace.error is not None:
        _check_frames(trace.error)
        if trace.error.thread >= len(trace.threads):
            raise ProtocolError("an error of a thread that is not there")
    _check_waits(trace)
    _check_preemptions(trace)
    _check_branches(trace, made)


def _check_choices(trace: wire.ScheduleTrace) -> int:
    """How many choices were made: no more than there were to make, among threads of the run, at different moments."""
    if not trace.choices:
        return 0
    made = [_CHOICE_PARTS.split(choice) for choice in trace.choices.split("_")]
    if len(made) > trace.points or trace.spec == "block":
        raise ProtocolError("choices where there were none to make")
    if max(int(serial, 36) for thread, _, chosen in made for serial in (thread, chosen)) >= len(trace.threads):
        raise ProtocolError("a choice of a thread that is not there")
    if len({(thread, moment) for thread, moment, _ in made}) < len(made):
        raise ProtocolError("two choices at one moment")
    return len(made)


def _check_preemptions(trace: wire.ScheduleTrace) -> None:
    """As many as choices say, and no more of one sort than in all."""
    if trace.preempted != len(_PREEMPTION.findall(trace.choices)) or trace.unpolled > trace.preempted:
        raise ProtocolError("preemptions that no choice made")


def _check_branches(trace: wire.ScheduleTrace, made: int) -> None:
    """Only where they were asked for; with the choices made no more than there were; each among threads of the run, once."""
    if not trace.branches:
        return
    if not trace.spec.startswith("tree.") or len(trace.branches) + made > trace.points:
        raise ProtocolError("branches where there were none")
    count = len(trace.threads)
    seen: set[tuple[int, int]] = set()
    for branch in trace.branches:
        threads = {branch.thread, *branch.others}
        if max(threads) >= count or not branch.others or len(branch.others) != len(set(branch.others)):
            raise ProtocolError("a branch to threads that are not there")
        if branch.preempts and branch.thread in branch.others:
            raise ProtocolError("a thread that preempts itself")
        if not branch.preempts and not branch.polled:
            raise ProtocolError("a thread that had to give way, and not of its own accord")
        if (branch.thread, branch.moment) in seen:
            raise ProtocolError("two branches at one moment")
        seen.add((branch.thread, branch.moment))


def _check_frames(error: wire.ErrorRecord) -> None:
    if len(error.frames) > FRAMES_LIMIT:
        raise ProtocolError(f"an error with {len(error.frames)} frames")


def _check_waits(trace: wire.ScheduleTrace) -> None:
    """One row for each thread that had not ended, in their order; main has one unless the scenario returned."""
    threads = trace.threads
    alive = [thread.serial for thread in threads[1:] if thread.ended_ns == -1]
    rows = [wait.thread for wait in trace.waits]
    without_main = rows == alive and trace.outcome in (Outcome.COMPLETED, Outcome.DIVERGED)
    with_main = rows == [0, *alive] and trace.outcome is not Outcome.COMPLETED
    if not (without_main or with_main):
        raise ProtocolError("the wait-for graph is not that of the threads that had not ended")
    for wait in trace.waits:
        if wait.holder >= len(threads) or wait.holder == wait.thread:
            raise ProtocolError(f"thread {wait.thread} waits for one that cannot help it")
        timed = wait.deadline_ns != -1
        if timed and (trace.outcome is Outcome.DEADLOCK or not 0 <= wait.deadline_ns < wire.TIME_LIMIT_NS):
            raise ProtocolError(f"thread {wait.thread} waits until a moment that cannot be")


def _is_thread(value: Any, count: int) -> bool:
    return type(value) is int and 0 <= value < count


def _is_deadline(value: Any) -> bool:
    return type(value) is int and -1 <= value < wire.TIME_LIMIT_NS


class _Events:
    """Reads the events of one trace in their order, and holds each against the threads and what came before it."""

    def __init__(self, trace: wire.ScheduleTrace, request: wire.RunRequest) -> None:
        self._trace = trace
        self._full = request.full
        self._limit = request.limits.events
        self._threads = trace.threads
        self._started: list[int] = []  # serials, as start events told them
        self._ended: set[int] = set()
        self._counters: list[list[int]] = []  # of the last mark
        self._started_at_mark = 0
        self._details = Details(trace, request)

    def check(self) -> None:
        """Raises ProtocolError for the first event that does not fit."""
        threads, count = self._threads, len(self._threads)
        step, time_ns, facts, details = 0, 0, 0, 0
        for event in self._trace.events:
            detail = event.kind in wire.DETAILS
            if (event.step < step if detail else event.step <= step) or event.time_ns < time_ns:
                raise ProtocolError(f"event {event.step} is out of order")
            step, time_ns, kind = event.step, event.time_ns, event.kind
            if event.thread >= count:
                raise ProtocolError(f"event {step} of a thread that is not there")
            thread = threads[event.thread]
            # A thread's unfinished line of output is recorded when the run ends; time may pass before one that has ended
            # is followed by the next.
            gone = 0 <= thread.ended_ns < time_ns and kind not in _AFTER_ITS_END
            if gone or time_ns < thread.started_ns:
                raise ProtocolError(f"event {step} of a thread that was not alive")
            if not (self._details.fits(event) if detail else _FITS[kind](self, event)):
                raise ProtocolError(f"a {kind.value} event of another shape")
            facts += kind in wire.FACTS
            details += detail
        if time_ns > self._trace.virtual_ns:
            raise ProtocolError("an event after the end")
        self._check_numbers(facts, details, len(self._trace.events) - facts - details)

    def _check_numbers(self, facts: int, details: int, others: int) -> None:
        """No more events than were asked for; and when all were kept, a start and an end for each thread that had one."""
        if facts > self._limit or max(others, details) > (self._limit if self._full else 0):
            raise ProtocolError("more events than were asked for")
        if self._full and not self._trace.dropped_events:
            ended = sum(thread.ended_ns != -1 for thread in self._threads)
            if len(self._started) != len(self._threads) - 1 or len(self._ended) != ended:
                raise ProtocolError("a thread started or ended without an event")

    def start(self, event: wire.Event) -> bool:
        """As the new thread's record says, and in order."""
        data = event.data
        if len(data) != 1 or not _is_thread(data[0], len(self._threads)):
            return False
        serial = data[0]
        thread = self._threads[serial]
        in_order = serial > (self._started[-1] if self._started else 0)
        self._started.append(serial)
        told = (event.thread, event.time_ns, event.line)
        return in_order and told == (thread.parent, thread.started_ns, thread.line)

    def end(self, event: wire.Event) -> bool:
        """As the thread's record says, and once."""
        thread = self._threads[event.thread]
        once = event.thread not in self._ended
        self._ended.add(event.thread)
        return once and event.data == (thread.panic,) and event.time_ns == thread.ended_ns

    def wait(self, event: wire.Event) -> bool:
        """What, who holds it, until when, which lock: one that was told."""
        data = event.data
        return (
            len(data) == 4
            and type(data[3]) is int
            and -1 <= data[3] < self._details.locks
            and type(data[0]) is str
            and (data[1] == -1 or _is_thread(data[1], len(self._threads)))
            and type(data[1]) is int
            and data[1] != event.thread
            and _is_deadline(data[2])
        )

    def sleep(self, event: wire.Event) -> bool:
        """Until when."""
        return len(event.data) == 1 and _is_deadline(event.data[0]) and event.data[0] >= 0

    def wake(self, event: wire.Event) -> bool:
        """How."""
        return len(event.data) == 1 and event.data[0] in ("granted", "timeout", "io")

    def note(self, event: wire.Event) -> bool:
        """A name and a plain value."""
        return len(event.data) == 2 and type(event.data[0]) is str and is_plain(event.data[1])

    def mark(self, event: wire.Event) -> bool:
        """A name, the threads so far, and a row of counters for each of them: none falls, none passes its last value."""
        data = event.data
        if len(data) != 3 or type(data[0]) is not str or type(data[2]) is not list:
            return False
        started, rows = data[1], data[2]
        if not _is_thread(started, len(self._threads)) or len(rows) != started + 1 or started < self._started_at_mark:
            return False
        later = self._threads[started + 1 :]
        if self._threads[started].started_ns > event.time_ns or (later and later[0].started_ns < event.time_ns):
            return False
        if not all(self._counts(serial, row) for serial, row in enumerate(rows)):
            return False
        self._started_at_mark, self._counters = started, rows
        return True

    def _counts(self, serial: int, row: Any) -> bool:
        if type(row) is not list or len(row) != 3 or any(type(number) is not int for number in row):
            return False
        numbers: list[int] = row
        least = self._counters[serial] if serial < len(self._counters) else [serial, 0, 0]
        thread = self._threads[serial]
        most = (serial, thread.resumes, thread.points)
        return all(low <= number <= high for low, number, high in zip(least, numbers, most, strict=True))

    def spin(self, event: wire.Event) -> bool:
        """On what."""
        return len(event.data) == 1 and type(event.data[0]) is str

    def output(self, event: wire.Event) -> bool:
        """Where to, and the text."""
        return len(event.data) == 2 and event.data[0] in ("stdout", "stderr") and type(event.data[1]) is str


_FITS: dict[EventKind, Callable[[_Events, wire.Event], bool]] = {
    EventKind.START: _Events.start,
    EventKind.END: _Events.end,
    EventKind.WAIT: _Events.wait,
    EventKind.SLEEP: _Events.sleep,
    EventKind.WAKE: _Events.wake,
    EventKind.NOTE: _Events.note,
    EventKind.MARK: _Events.mark,
    EventKind.SPIN: _Events.spin,
    EventKind.OUTPUT: _Events.output,
}
