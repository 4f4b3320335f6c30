"""The lanes of a run: what each thread and each task did over virtual time, from the events of a full trace.

A thread runs from its start or its wake-up until it waits, sleeps or ends; a task runs during its steps. Only data is made
here; drawing is `explain`'s business. The turns between the threads are in `turns`.
"""

from dataclasses import dataclass, field

from threadmarks import wire
from threadmarks.judge.holding import Holders, Taken, letter
from threadmarks.judge.outcomes import thread_name
from threadmarks.judge.turns import awaiting, turns
from threadmarks.model import Hold, Lane, Span, TaskLane, Timeline
from threadmarks.wire import EventKind

_NS = 1_000_000_000
LANE_LIMIT = 64
TASK_LIMIT = 64
SPAN_LIMIT = 400
"""Spans a lane, and holds; a report that shows more explains less."""


@dataclass(slots=True)
class _Open:
    """The span that a thread or a task is in, and those it has been in."""

    since_ns: int
    state: str
    what: str
    line: int
    spans: list[Span] = field(default_factory=list)

    def enter(self, time_ns: int, state: str, what: str, line: int) -> None:
        """Close the span and open the next. Two in a row that say the same are one."""
        if (state, what, line) == (self.state, self.what, self.line):
            return
        self.close(time_ns)
        self.since_ns, self.state, self.what, self.line = time_ns, state, what, line

    def close(self, time_ns: int) -> None:
        span = Span(start_s=self.since_ns / _NS, end_s=time_ns / _NS, state=self.state, what=self.what, line=self.line)
        if len(self.spans) < SPAN_LIMIT:
            self.spans.append(span)


@dataclass(slots=True)
class _Task:
    """A task so far."""

    serial: int  # the thread of its first step
    name: str
    lane: _Open
    ended_ns: int = -1
    error: str = ""


def timeline(trace: wire.ScheduleTrace) -> Timeline:
    """The lanes of the first threads of a trace that kept every event, and its turns."""
    return _Lanes(trace).timeline()


class _Lanes:
    """Reads the events of one trace in order."""

    def __init__(self, trace: wire.ScheduleTrace) -> None:
        self._trace = trace
        self._threads = {0: _Open(since_ns=0, state="running", what="", line=0)}
        self._tasks: dict[int, _Task] = {}
        self._holders = Holders(trace.events)
        self._holds: dict[int, list[Hold]] = {}

    def timeline(self) -> Timeline:
        trace = self._trace
        for event in trace.events:
            self._thread_event(event)
            self._task_event(event)
            self._lock_event(event)
        for taken in self._holders.left():
            ended_ns = trace.threads[taken.serial].ended_ns
            self._held(taken, ended_ns if ended_ns >= 0 else trace.virtual_ns, kept=True)
        lanes = tuple(self._lane(thread) for thread in trace.threads[:LANE_LIMIT])
        return Timeline(end_s=trace.virtual_ns / _NS, lanes=lanes, turns=turns(trace), cut=trace.dropped_details > 0)

    def _thread_event(self, event: wire.Event) -> None:
        if event.kind is EventKind.START:
            new = _Open(since_ns=event.time_ns, state="running", what="", line=0)
            self._threads.setdefault(event.data[0], new)
            return
        lane = self._threads.get(event.thread)
        if lane is None:
            return
        if event.kind is EventKind.WAIT:
            lane.enter(event.time_ns, "waiting", event.data[0], event.line)
        elif event.kind is EventKind.SLEEP:
            lane.enter(event.time_ns, "sleeping", "", event.line)
        elif event.kind is EventKind.WAKE:
            lane.enter(event.time_ns, "running", "", event.line)

    def _task_event(self, event: wire.Event) -> None:
        if event.kind is EventKind.STEP:
            number, name = event.data
            task = self._tasks.get(number)
            if task is None:
                lane = _Open(since_ns=event.time_ns, state="running", what="", line=event.line)
                task = self._tasks[number] = _Task(serial=event.thread, name=name, lane=lane)
            task.name = name
            task.lane.enter(event.time_ns, "running", "", event.line)
        elif event.kind is EventKind.PARK:
            self._tasks[event.data[0]].lane.enter(event.time_ns, *awaiting(event.data[1]), event.line)
        elif event.kind is EventKind.FINISH:
            task = self._tasks[event.data[0]]
            task.ended_ns, task.error = event.time_ns, event.data[1]

    def _lock_event(self, event: wire.Event) -> None:
        if event.kind is EventKind.TAKE:
            self._holders.take(event)
        elif event.kind is EventKind.GIVE:
            taken = self._holders.give(event)
            if taken is not None:
                self._held(taken, event.time_ns, kept=False)

    def _held(self, taken: Taken, end_ns: int, *, kept: bool) -> None:
        holds = self._holds.setdefault(taken.serial, [])
        if len(holds) < SPAN_LIMIT or kept:
            start_s, end_s = taken.time_ns / _NS, max(end_ns, taken.time_ns) / _NS
            hold = Hold(
                lock=taken.lock,
                letter=letter(taken.lock),
                name=taken.name,
                line=taken.line,
                start_s=start_s,
                end_s=end_s,
                kept=kept,
            )
            holds.append(hold)

    def _lane(self, thread: wire.ThreadRecord) -> Lane:
        trace = self._trace
        lane = self._threads.get(thread.serial)
        end_ns = thread.ended_ns if thread.ended_ns >= 0 else trace.virtual_ns
        if lane is not None:
            lane.close(end_ns)
        tasks = [(number, task) for number, task in self._tasks.items() if task.serial == thread.serial]
        return Lane(
            thread=thread_name(trace.threads, thread.serial),
            serial=thread.serial,
            spans=tuple(lane.spans) if lane is not None else (),
            fate=_fate(trace, thread),
            holds=tuple(sorted(self._holds.get(thread.serial, ()), key=lambda hold: (hold.start_s, hold.lock))),
            tasks=tuple(_task_lane(number, task, end_ns) for number, task in tasks[:TASK_LIMIT]),
        )


def _task_lane(number: int, task: _Task, end_ns: int) -> TaskLane:
    task.lane.close(task.ended_ns if task.ended_ns >= 0 else end_ns)
    fate = "pending at the end" if task.ended_ns < 0 else f"ended by {task.error}" if task.error else "done"
    return TaskLane(name=task.name or f"task {number}", number=number, spans=tuple(task.lane.spans), fate=fate)


def _fate(trace: wire.ScheduleTrace, thread: wire.ThreadRecord) -> str:
    if thread.panic:
        return f"died: {thread.panic}"
    if thread.ended_ns >= 0:
        return "ended"
    if thread.serial == 0 and trace.outcome is wire.Outcome.COMPLETED:
        return "ended"
    return "alive at the end"
