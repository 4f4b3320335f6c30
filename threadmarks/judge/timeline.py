"""The lanes of a run: what each thread did over virtual time, from the events of a full trace.

A thread runs from its start or its wake-up until it waits, sleeps or ends. Only data is made here; drawing is
`explain`'s business.
"""

from dataclasses import dataclass, field

from threadmarks import wire
from threadmarks.judge.outcomes import thread_name
from threadmarks.model import Lane, Span, Timeline

_NS = 1_000_000_000
LANE_LIMIT = 64
SPAN_LIMIT = 400
"""Spans a lane; a report that shows more explains less."""


@dataclass(slots=True)
class _Open:
    """The span that a thread is in, and those it has been in."""

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


def timeline(trace: wire.ScheduleTrace) -> Timeline:
    """The lanes of the first threads of a trace that kept every event."""
    lanes = {0: _Open(since_ns=0, state="running", what="", line=0)}
    for event in trace.events:
        if event.kind is wire.EventKind.START:
            lanes.setdefault(event.data[0], _Open(since_ns=event.time_ns, state="running", what="", line=0))
            continue
        lane = lanes.get(event.thread)
        if lane is None:
            continue
        match event.kind:
            case wire.EventKind.WAIT:
                lane.enter(event.time_ns, "waiting", event.data[0], event.line)
            case wire.EventKind.SLEEP:
                lane.enter(event.time_ns, "sleeping", "", event.line)
            case wire.EventKind.WAKE:
                lane.enter(event.time_ns, "running", "", event.line)
            case _:
                pass
    made = tuple(_lane(trace, thread, lanes.get(thread.serial)) for thread in trace.threads[:LANE_LIMIT])
    return Timeline(end_s=trace.virtual_ns / _NS, lanes=made)


def _lane(trace: wire.ScheduleTrace, thread: wire.ThreadRecord, lane: _Open | None) -> Lane:
    name = thread_name(trace.threads, thread.serial)
    if lane is None:
        return Lane(thread=name, serial=thread.serial, spans=(), fate=_fate(trace, thread))
    lane.close(thread.ended_ns if thread.ended_ns >= 0 else trace.virtual_ns)
    return Lane(thread=name, serial=thread.serial, spans=tuple(lane.spans), fate=_fate(trace, thread))


def _fate(trace: wire.ScheduleTrace, thread: wire.ThreadRecord) -> str:
    if thread.panic:
        return f"died: {thread.panic}"
    if thread.ended_ns >= 0:
        return "ended"
    if thread.serial == 0 and trace.outcome is wire.Outcome.COMPLETED:
        return "ended"
    return "alive at the end"
