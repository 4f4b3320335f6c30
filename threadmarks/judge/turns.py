"""The turns of a run: which thread ran when, what it did, and why another came next, from the details of a full trace.

A turn begins when a thread gets the baton, when it runs on after a wait that nobody else ran in, and, in an event loop,
with each step of a task. What stands at its end is told as changes against the turn before. Only data is made here; the words
are `explain`'s. Reads a trace that is known to be well-formed.
"""

from collections.abc import Iterable
from dataclasses import replace

from threadmarks import wire
from threadmarks.judge.holding import Holders, lock_name
from threadmarks.judge.outcomes import thread_name
from threadmarks.model import Act, ActKind, Doing, Standing, Turn
from threadmarks.wire import EventKind

_NS = 1_000_000_000
TURN_LIMIT = 2_000
"""Turns kept; of more, the middle is left out and counted."""
ACT_LIMIT = 12
"""Acts of one turn; a thread that takes a lock a thousand times in one turn tells the same each time."""
TEXT_LIMIT = 60

Party = tuple[int, int]
"""(serial of the thread, number of the task or -1)."""


def turns(trace: wire.ScheduleTrace) -> tuple[Turn, ...]:
    """The turns in order, as far as the trace's details go."""
    events = trace.events
    if trace.dropped_details:  # beyond the last detail it is not known who ran when
        last = max((index for index, event in enumerate(events) if event.kind in wire.DETAILS), default=-1)
        events = events[: last + 1]
    return _shortened(_Turns(trace).read(events)) if events else ()


def awaiting(what: str) -> tuple[str, str]:
    """(state, what for) of a task that has parked."""
    return ("sleeping", "") if what == "sleep" else ("waiting", what)


class _Turns:
    """Reads the events of one trace in order."""

    def __init__(self, trace: wire.ScheduleTrace) -> None:
        self._trace = trace
        self._holders = Holders(trace.events)
        self._standing: dict[Party, Standing] = {}
        self._changed: dict[Party, None] = {}
        self._woken: dict[int, tuple[str, bool]] = {}  # thread: what it had waited for, and whether its time ran out
        self._task_names: dict[int, str] = {}
        self._task_thread: dict[int, int] = {}
        self._done: list[Turn] = []
        self._acts: list[Act] = []
        self._running = 0  # the thread that has the baton
        self._over = False  # whether the turn is closed and no other has begun yet
        self._stand(0, Doing.RUNNING)
        self._turn = Turn(number=1, choice=0, could_run=1, at_s=0.0, serial=0, thread="main")

    def read(self, events: Iterable[wire.Event]) -> list[Turn]:
        for event in events:
            _READ.get(event.kind, _Turns.nothing)(self, event)
        self._close()
        return self._done

    # ---- turns

    def _open(self, serial: int, time_ns: int, *, choice: int = 0, could_run: int = 1, task: int = -1) -> None:
        self._over = False
        before = self._standing.get((serial, -1))
        after, timed_out = self._woken.pop(serial, ("", False))
        self._turn = Turn(
            number=len(self._done) + 1,
            choice=choice,
            could_run=could_run,
            at_s=time_ns / _NS,
            serial=serial,
            thread=thread_name(self._trace.threads, serial),
            task=task,
            task_name=self._task_names.get(task, ""),
            line=before.line if before is not None else 0,
            after=after,
            timed_out=timed_out,
        )
        self._running = serial
        self._stand(serial, Doing.RUNNING)

    def _close(self, *, preempted: bool = False, line: int = 0) -> None:
        """The turn is over, unless it was before: what happens from now on is the next one's."""
        if self._over:
            return
        self._over = True
        changed, self._changed = self._changed, {}
        self._done.append(
            replace(
                self._turn,
                acts=tuple(self._acts[:ACT_LIMIT]),
                more_acts=max(0, len(self._acts) - ACT_LIMIT),
                preempted=preempted,
                end_line=line,
                standings=tuple(self._standing[party] for party in changed),
            )
        )
        self._acts = []

    def _stand(self, serial: int, doing: Doing, what: str = "", line: int = -1, task: int = -1) -> None:
        """From now on the thread (or task) does this. Line -1: it stands where it stood."""
        party = (serial, task)
        before = self._standing.get(party)
        kept = before.line if before is not None else 0
        holds = self._holders.of(serial) if task < 0 else ()
        self._standing[party] = Standing(
            serial=serial, task=task, doing=doing, what=what, line=kept if line < 0 else line, holds=holds
        )
        self._changed[party] = None

    def _act(self, event: wire.Event, kind: ActKind, what: str = "", other: str = "") -> None:
        """The running thread does something. One that was woken and runs on begins a turn of its own."""
        standing = self._standing.get((event.thread, -1))
        if (standing is not None and standing.doing is not Doing.RUNNING and kind is not ActKind.PRINTS) or self._over:
            self._close()
            self._open(event.thread, event.time_ns)
        self._acts.append(Act(kind=kind, line=event.line, what=what[:TEXT_LIMIT], other=other))

    def _name(self, serial: int) -> str:
        return thread_name(self._trace.threads, serial)

    # ---- events

    def nothing(self, event: wire.Event) -> None:
        """What scenarios note is the checks' business."""

    def switch(self, event: wire.Event) -> None:
        choice, following, could_run, preempted = event.data
        standing = self._standing.get((event.thread, -1))
        if preempted and standing is not None and standing.doing is not Doing.RUNNING:
            self._close()
            self._open(event.thread, event.time_ns)
            standing = self._standing[event.thread, -1]
        if standing is not None and standing.doing is Doing.RUNNING:
            self._stand(event.thread, Doing.READY, line=event.line)
        self._close(preempted=preempted, line=event.line)
        self._open(following, event.time_ns, choice=choice, could_run=could_run)

    def start(self, event: wire.Event) -> None:
        self._act(event, ActKind.STARTS, other=self._name(event.data[0]))
        self._stand(event.data[0], Doing.READY, line=0)

    def end(self, event: wire.Event) -> None:
        self._act(event, ActKind.ENDS, what=event.data[0])
        self._stand(event.thread, Doing.ENDED, what=event.data[0], line=0)

    def wait(self, event: wire.Event) -> None:
        what, holder, _, _ = event.data
        self._act(event, ActKind.WAITS, what=what, other=self._name(holder))
        self._stand(event.thread, Doing.WAITING, what=what, line=event.line)

    def sleep(self, event: wire.Event) -> None:
        self._act(event, ActKind.SLEEPS, what=str(event.data[0]))
        self._stand(event.thread, Doing.SLEEPING, line=event.line)

    def wake(self, event: wire.Event) -> None:
        """Somebody's wait is over: through the running thread, or because its time has come."""
        standing = self._standing.get((event.thread, -1))
        by_running = self._standing.get((self._running, -1))
        granted = event.data[0] == "granted"
        if not granted and (by_running is None or by_running.doing is not Doing.RUNNING):
            self._close()  # time has passed since it blocked
        if granted and event.thread != self._running and by_running is not None and by_running.doing is Doing.RUNNING:
            self._acts.append(Act(kind=ActKind.WAKES, line=0, other=self._name(event.thread)))
        if standing is not None:
            waited = "sleep" if standing.doing is Doing.SLEEPING else standing.what
            self._woken[event.thread] = (waited, event.data[0] == "timeout" and waited != "sleep")
        self._stand(event.thread, Doing.READY)

    def take(self, event: wire.Event) -> None:
        self._act(event, ActKind.TAKES, what=lock_name(event))
        self._holders.take(event)
        self._stand(event.thread, Doing.RUNNING, line=event.line)

    def give(self, event: wire.Event) -> None:
        self._act(event, ActKind.GIVES, what=lock_name(event))
        taken = self._holders.give(event)
        self._stand(event.thread, Doing.RUNNING, line=event.line)
        if taken is not None and taken.serial != event.thread:
            other = self._standing[taken.serial, -1]
            self._stand(taken.serial, other.doing, other.what)

    def spin(self, event: wire.Event) -> None:
        self._act(event, ActKind.POLLS, what=event.data[0])

    def output(self, event: wire.Event) -> None:
        self._act(event, ActKind.PRINTS, what=event.data[1].rstrip("\n"))

    def step(self, event: wire.Event) -> None:
        number, name = event.data
        self._task_names[number] = name
        self._task_thread.setdefault(number, event.thread)
        standing = self._standing.get((event.thread, -1))
        if self._acts or self._turn.task >= 0 or standing is None or standing.doing is not Doing.RUNNING:
            self._close()
            self._open(event.thread, event.time_ns, task=number)
        self._turn = replace(self._turn, task=number, task_name=name, line=event.line)
        self._stand(event.thread, Doing.RUNNING, line=event.line)
        self._stand(self._task_thread[number], Doing.RUNNING, line=event.line, task=number)

    def park(self, event: wire.Event) -> None:
        number, what, awaited = event.data
        self._act(event, ActKind.AWAITS, what=what, other=self._task_names.get(awaited, "") if awaited >= 0 else "")
        state, what = awaiting(what)
        doing = Doing.SLEEPING if state == "sleeping" else Doing.WAITING
        self._stand(event.thread, Doing.RUNNING, line=event.line)
        self._stand(self._task_thread[number], doing, what, event.line, task=number)

    def finish(self, event: wire.Event) -> None:
        self._act(event, ActKind.FINISHES, what=event.data[1])
        self._stand(self._task_thread[event.data[0]], Doing.ENDED, event.data[1], 0, task=event.data[0])


_READ = {
    EventKind.START: _Turns.start,
    EventKind.END: _Turns.end,
    EventKind.WAIT: _Turns.wait,
    EventKind.SLEEP: _Turns.sleep,
    EventKind.WAKE: _Turns.wake,
    EventKind.SPIN: _Turns.spin,
    EventKind.OUTPUT: _Turns.output,
    EventKind.TAKE: _Turns.take,
    EventKind.GIVE: _Turns.give,
    EventKind.SWITCH: _Turns.switch,
    EventKind.STEP: _Turns.step,
    EventKind.PARK: _Turns.park,
    EventKind.FINISH: _Turns.finish,
}


def _shortened(whole: list[Turn]) -> tuple[Turn, ...]:
    """At most `TURN_LIMIT` turns: of more, the middle is one entry that says how many are left out, and what they came to."""
    if len(whole) <= TURN_LIMIT:
        return tuple(whole)
    half = TURN_LIMIT // 2
    first, middle, last = whole[:half], whole[half:-half], whole[-half:]
    gap = replace(middle[0], acts=(), more_acts=0, left_out=len(middle), standings=_merged(middle))
    return (*first, gap, *last)


def _merged(told: Iterable[Turn]) -> tuple[Standing, ...]:
    merged: dict[Party, Standing] = {}
    for turn in told:
        merged.update({(standing.serial, standing.task): standing for standing in turn.standings})
    return tuple(merged.values())
