"""The scheduler: who holds the baton, who may get it next, and when virtual time passes.

Program threads are real, but only the holder of the baton runs. It gives it up when it blocks, ends, or when a strategy
says so at a scheduling point. When nobody can run, time jumps to the next deadline; when there is none, the program is
deadlocked, and that is known at once.

Rules that keep the run going, and honest:

- Every choice among threads passes `_choose` and is recorded as what differs from run-to-block.
- A thread that polls (many points or clock reads of its own with no effect on anybody) is noted as spinning and gives
  way; when all that are ready only spin or yield, time passes as if nobody were ready.
- A program that only polls with time-outs is stalled (`stall`): it ends as if it were deadlocked.

Must not know what a lock is (`locks`), how a name is patched (`patches`), or what a check expects.
"""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from threadmarks.runner import originals
from threadmarks.runner.carriers import CarrierPool
from threadmarks.runner.clock import NS, Clock
from threadmarks.runner.frames import FrameReader
from threadmarks.runner.kernel_waits import KernelWaits
from threadmarks.runner.recorder import Recorder
from threadmarks.runner.signals import Abort, Diverged
from threadmarks.runner.sites import POLLED
from threadmarks.runner.stall import StallWatch
from threadmarks.runner.strategies import Strategy
from threadmarks.runner.strategies.replay import Choice, Replay
from threadmarks.runner.tasks import TaskBook
from threadmarks.runner.threads import ControlledThread, State, Waitable
from threadmarks.runner.wait_graph import wait_for_graph

SPIN_QUANTUM = 50_000
"""Points without an effect on anybody, after which a thread counts as spinning."""
SPIN_QUANTUM_AGAIN = 1_000
"""The same for a thread that was found spinning before and has had no effect since."""
IDLE_YIELDS = 50
"""Yields in a row without an effect, after which a thread only polls."""
IRREGULAR_ROUNDS = 500
"""How many rounds of a yielding loop may differ from the one before, without an effect, and still not count as idle."""
CLOCK_READS = 2_000
"""Clock reads in a row without an effect, after which each further one lets time pass."""
CLOCK_TICK_NS = NS // 1000
YIELD_WEIGHT = 30
"""How many points an idle yield counts for, so that a program that only yields ends about as soon as one that loops."""
UNWIND_LIMIT = 50
"""How often a thread may swallow the end of the run before it is left parked for good."""
MAX_THREADS = 4_000
SAME = -1
"""In place of a site's number: the point before stands for this one too."""


class Scheduler:
    """One schedule of one program. See the module's text for the rules."""

    __slots__ = (
        "_at_end",
        "_carriers",
        "_free_slots",
        "_unwound",
        "clock",
        "closing",
        "contended",
        "current",
        "deviations",
        "kernel",
        "locks_seen",
        "main",
        "number",
        "outcome",
        "over",
        "points",
        "points_limit",
        "preempted",
        "progress",
        "reader",
        "ready",
        "recorder",
        "stall",
        "strategy",
        "tasks",
        "threads",
        "unpolled",
        "waits",
    )

    def __init__(
        self,
        *,
        strategy: Strategy,
        recorder: Recorder,
        reader: FrameReader,
        points_limit: int,
        carriers: CarrierPool,
        at_end: Callable[[], None],
    ) -> None:
        self.strategy = strategy
        self.recorder = recorder
        self.reader = reader
        self.points_limit = points_limit
        self.clock = Clock()
        self.threads: list[ControlledThread] = []
        self.ready: list[ControlledThread] = []  # in order of becoming ready; holds the running thread too
        self.kernel = KernelWaits(lambda thread: self.wake(thread, "io"))
        self.deviations: list[Choice] = []  # what differed from run-to-block
        self.contended = 0  # choices with more than one candidate
        self.preempted = 0  # threads that were stopped although they could have gone on
        self.unpolled = 0  # of these: where the interpreter itself would not have switched
        self.points = 0
        self.progress = 0  # grows whenever something happened that could end somebody's poll
        self.locks_seen = 0  # locks of the student's that were told
        self.tasks = TaskBook()
        self.over = False
        self.outcome = "completed"
        self.waits: list[list[Any]] = []
        self.closing: list[Callable[[], None]] = []  # called before the record is closed
        self._carriers = carriers
        self._at_end = at_end
        self._free_slots: list[int] = []
        self.stall = StallWatch()
        self._unwound = originals.allocate_lock()
        self._unwound.acquire()
        gate = originals.allocate_lock()
        gate.acquire()
        self.main = self._new_thread(gate)
        self.main.real_ident = originals.get_ident()
        self.main.resumes = 1
        self.current = self.main

    # ---- threads

    def _new_thread(self, gate: Any) -> ControlledThread:
        slot = self._free_slots.pop() if self._free_slots else len(self.threads)
        thread = ControlledThread(len(self.threads), slot, gate)
        thread.started_ns = self.clock.now_ns
        self.threads.append(thread)
        self.ready.append(thread)
        self.strategy.thread_started(thread)
        return thread

    def start_thread(self, run: Callable[[ControlledThread], None], thread_object: Any) -> ControlledThread:
        """Start a thread that calls `run(thread)`. Raises RuntimeError as the interpreter does when there are too many."""
        if self.over:
            raise Abort
        if len(self.threads) >= MAX_THREADS:
            raise RuntimeError("can't start new thread")
        carrier = self._carriers.take()
        thread = self._new_thread(carrier.gate)
        carrier.thread = thread
        thread.carrier = carrier
        thread.real_ident = carrier.real_ident
        thread.thread_object = thread_object
        thread.parent = self.current.serial
        frame = sys._getframe(1)
        thread.origin, thread.line = self.reader.origin(frame)
        thread.target = lambda: self._body(thread, run)
        self.made_progress()
        if self.recorder.wants("start"):
            self._keep("start", thread.line, [thread.serial])
        return thread

    def _body(self, thread: ControlledThread, run: Callable[[ControlledThread], None]) -> None:
        """What a carrier runs for one thread."""
        if not self.over:
            try:
                run(thread)
            except Abort:
                pass  # the schedule is over; leaving is all that is wanted
        self._ended(thread)

    def _ended(self, thread: ControlledThread) -> None:
        thread.state = State.DONE
        if self.over:
            self._unwound.release()
            return
        thread.ended_ns = self.clock.now_ns
        self.ready.remove(thread)
        self._free_slots.append(thread.slot)
        thread.moment += 1
        self.made_progress()
        if self.recorder.wants("end"):
            self._keep("end", 0, [thread.panic])
        for lock in thread.exit_locks:
            lock.release_at_exit()
        following = self._next_or_finish()
        if following is not None:
            self._resume(following)
        else:
            self.main.gate.release()

    # ---- choosing

    def _choose(
        self, candidates: list[ControlledThread], default: ControlledThread, may_go_on: bool
    ) -> ControlledThread:
        """The one place where a schedule branches: among two or more. The current thread's `moment` must be a new one."""
        self.contended += 1
        running = self.current
        try:
            chosen = self.strategy.choose(candidates, default, running, may_go_on)
        except Diverged:
            self.finish("diverged")
            return default
        if chosen is not default:
            self.deviations.append((running.serial, running.moment, "-" if may_go_on else ":", chosen.serial))
        return chosen

    def choose_waiter(self, waitable: Waitable) -> ControlledThread:
        """Which of the waiters a release wakes: the operating system promises no order, the default is the oldest."""
        self.current.moment += 1
        waiters = waitable.waiters
        if len(waiters) == 1:
            return waiters[0]
        chosen = self._choose(waiters, waiters[0], False)
        if self.over:
            self._stop_here()
        return chosen

    def point(self, site: int = 0, touches: Any = None, at_lock: bool = False) -> None:
        """A scheduling point: the running thread could be preempted here, before it touches something or takes a lock.

        `site`: its number in the student's source; 0 within a library's function, whose entry and calls polled; SAME at
        a lock's that the student's own line takes, where nothing has polled since the line's own point.
        """
        if self.over:
            self._leave()
        me = self.current
        self.points += 1
        me.points += 1
        me.quantum += 1
        if site > 0:
            me.before = me.site
            me.site = site
        elif site == 0:
            me.before = me.site = POLLED
        if me.quantum >= SPIN_QUANTUM and self._spun(me, "a loop"):
            return
        me.moment += 1
        if len(self.ready) > 1:
            me.touches = touches
            me.at_lock = at_lock
            chosen = self._choose(self.ready, me, True)
            if chosen is not me:
                self.preempted += 1
                self.unpolled += not me.could_switch
                self._switch_to(me, chosen, True)
            elif self.over:
                self._stop_here()
            me.touches = None  # kept no longer than the caller does: its end must come when it would
        if self.points >= self.points_limit:
            self._end_here("spinning")

    def count_point(self) -> None:
        """A point where nobody is preempted: what a library or the driver does between two of the student's is one step, and
        schedules are not spent on it. It only counts, so that loops over it end.
        """
        if self.over:
            self._leave()
        me = self.current
        self.points += 1
        me.points += 1
        me.quantum += 1
        me.before = me.site = POLLED
        if me.quantum >= SPIN_QUANTUM and self._spun(me, "a loop"):
            return
        if self.points >= self.points_limit:
            self._end_here("spinning")

    def _spun(self, me: ControlledThread, what: str) -> bool:
        """`me` has had no effect for long: note it and give way. True when somebody else ran."""
        me.spins += 1
        if me.spins == 1:
            self._note_spin(what)
        me.quantum = SPIN_QUANTUM - SPIN_QUANTUM_AGAIN
        return self._give_way(me)

    def _give_way(self, me: ControlledThread) -> bool:
        """Let others come first; when they too only poll, let time pass."""
        me.moment += 1
        me.yielded = True
        me.progress_seen = self.progress
        self.strategy.yielded(me)
        self.ready.remove(me)
        self.ready.append(me)
        if self.points >= self.points_limit:
            self._end_here("spinning")
        following = self._next_or_finish()
        if following is None:
            self._stop_here()
            return True
        if following is me:
            return False
        self._switch_to(me, following)
        return True

    def yield_now(self, patience: int = IDLE_YIELDS) -> None:
        """`sleep(0)` and its like. After `patience` of them in a row without effect it counts as polling."""
        if self.over:
            self._leave()
        me = self.current
        self.points += 1
        me.points += 1
        me.moment += 1
        length = me.points - me.yielded_at
        if length != me.round_length and me.irregular < IRREGULAR_ROUNDS:
            me.irregular += 1
            me.idle_yields = 0  # it did something else than in the round before: that may be work
        me.round_length = length
        me.yielded_at = me.points
        me.idle_yields += 1
        if me.idle_yields >= patience:
            self.points += YIELD_WEIGHT
            if me.idle_yields == patience:
                self._note_spin("sleep(0)")
            self._give_way(me)
            return
        self.strategy.yielded(me)
        if len(self.ready) > 1:
            self.ready.remove(me)
            self.ready.append(me)
            following = self._choose(self.ready, self.ready[0], False)
            if following is not me or self.over:
                self._switch_to(me, following)
        if self.points >= self.points_limit:
            self._end_here("spinning")

    def _next(self) -> ControlledThread | None:
        """The thread that runs next, after letting time pass where nobody can; None when nobody ever can."""
        while True:
            if self.ready and not self._all_poll():
                return self._choose_ready()
            if self.kernel.delivers():
                continue
            if self._let_time_pass():
                if self.over:
                    return None
                continue
            if self.ready:  # they poll, and no timer is left that could end it: the limit on points will
                return self._choose_ready()
            if not self.kernel.delivers_late():
                return None

    def _choose_ready(self) -> ControlledThread:
        """Who follows a thread that cannot go on."""
        ready = self.ready
        return ready[0] if len(ready) == 1 else self._choose(ready, ready[0], False)

    def _all_poll(self) -> bool:
        for thread in self.ready:  # noqa: SIM110  # a generator would cost more than what it looks at
            if not thread.yielded or thread.progress_seen != self.progress:
                return False
        return True

    def _next_or_finish(self) -> ControlledThread | None:
        """Like `_next`; when nobody can run, the run is over."""
        following = self._next()
        if self.over:
            return None
        if following is None:
            self.finish("deadlock")
        return following

    def _switch_to(self, me: ControlledThread, chosen: ControlledThread, preempted: bool = False) -> None:
        """Hand the baton over and wait for it."""
        if self.over:
            self._stop_here()
        self._resume(chosen, preempted)
        me.gate.acquire()
        if self.over:
            raise Abort

    def _resume(self, thread: ControlledThread, preempted: bool = False) -> None:
        if self.recorder.full:
            self._keep_switch(thread, preempted)
        self.current = thread
        thread.resumes += 1
        if not thread.yielded:
            self.progress += 1  # it may do what others poll for, without waking anybody
        thread.yielded = False
        thread.gate.release()

    # ---- blocking and waking

    def block(self, waitable: Waitable | None, deadline_ns: int, direct: str) -> bool:
        """Park the running thread until `wake` or the deadline (-1: none). True when woken, False at the deadline.

        `direct` names the wait when the student's own line is the caller ("Lock", "sleep").
        """
        if self.over:
            self._leave()
        me = self.current
        self.ready.remove(me)
        me.moment += 1
        me.state = State.BLOCKED
        me.blocked_since_ns = self.clock.now_ns
        me.blocked_in = direct
        if waitable is not None:
            waitable.waiters.append(me)
            me.waiting_on = me.touches = waitable
        if deadline_ns >= 0:
            self.clock.set_timer(me, deadline_ns)
        if self.recorder.wants("sleep" if direct == "sleep" else "wait"):
            self._keep_wait(waitable, deadline_ns, direct)
        if me.callbacks and self.recorder.wants_detail():
            frame = sys._getframe(1)
            self.keep_detail("block", self.reader.student_line(frame), [self.reader.describe_wait(frame, direct), True])
        following = self._next_or_finish()
        if following is None:
            self._stop_here()
        elif following is not me:
            self._switch_to(me, following)
        else:
            me.resumes += 1
            self.progress += 1
        me.touches = None
        if self.clock.now_ns > me.blocked_since_ns:  # who lets time pass does not spin, whatever else it does
            me.quantum = me.clock_reads = me.idle_yields = 0
        return me.woken_by != "timeout"

    def wake(self, thread: ControlledThread, how: str = "granted") -> None:
        """Make a blocked thread ready."""
        waitable = thread.waiting_on
        if waitable is not None:
            waitable.waiters.remove(thread)
            thread.waiting_on = None
        self.clock.cancel_timer(thread)
        thread.state = State.READY
        thread.woken_by = how
        self.ready.append(thread)
        if how != "timeout":
            self.made_progress(for_stall=thread.blocked_since_ns < self.clock.now_ns)
        if self.recorder.wants("wake"):
            self._keep("wake", 0, [how], thread.serial)

    def sleep_until(self, deadline_ns: int) -> None:
        """Park until a virtual time."""
        self.block(None, deadline_ns, "sleep")

    def made_progress(self, *, for_stall: bool = True) -> None:
        """The running thread's act has had an effect on somebody else, or on the record."""
        self.progress += 1
        me = self.current
        me.quantum = 0
        me.clock_reads = 0
        me.idle_yields = 0
        me.sleeps = 0
        me.irregular = 0
        if for_stall:
            self.stall.restart(self.clock.now_ns)

    # ---- time

    def read_clock(self) -> int:
        """Virtual nanoseconds. Reading it over and over without any effect lets time pass, so that polls end."""
        if self.over:
            return self.clock.now_ns
        me = self.current
        me.clock_reads += 1
        if me.clock_reads > CLOCK_READS:
            if me.clock_reads == CLOCK_READS + 1:
                self._note_spin("the clock")
            if len(self.ready) > 1:
                self._give_way(me)
            self._tick()
        return self.clock.now_ns

    def _tick(self) -> None:
        deadline_ns = self.clock.next_deadline_ns()
        tick_ns = self.clock.now_ns + CLOCK_TICK_NS
        self.clock.now_ns = min(tick_ns, deadline_ns) if deadline_ns >= 0 else tick_ns
        for thread in self.clock.due():
            self._time_out(thread)

    def _let_time_pass(self) -> bool:
        """Jump to the next deadline. False when there is none, or when the program only polls for ever."""
        if self.stall.reached(self.clock.next_deadline_ns(), self.threads):
            self.clock.now_ns = self.clock.next_deadline_ns()
            self.finish("stalled")
            return True
        due = self.clock.jump()
        if not due:
            return False
        for thread in due:
            self._time_out(thread)
        self.progress += 1  # whoever polls may look again
        return True

    def _time_out(self, thread: ControlledThread) -> None:
        self.kernel.forget(thread)
        self.stall.timed_out(thread, self.clock.now_ns)
        self.wake(thread, "timeout")

    # ---- waiting for the outside

    def io_wait(self, poll: Callable[[], Any], deadline_ns: int, what: str) -> Any:
        """Park until `poll()` gives something true, and return that; None at the deadline."""
        me = self.current
        self.kernel.add(me, poll)
        self.block(None, deadline_ns, what)
        return me.io_result

    # ---- the end

    def finish(self, outcome: str) -> None:
        """The schedule is over. In a process with a single schedule this does not return."""
        if self.over:
            return
        self.outcome = "diverged" if isinstance(self.strategy, Replay) and self.strategy.diverged else outcome
        for close in self.closing:
            close()
        left = [thread for thread in self.threads if thread is not self.main or outcome != "completed"]
        self.waits = wait_for_graph(left, self.reader)
        self.over = True
        self.recorder.closed = True
        self._at_end()

    def _end_here(self, outcome: str) -> None:
        self.finish(outcome)
        self._stop_here()

    def _stop_here(self) -> None:
        """After `finish` on a program thread: give control to main, and leave when told to."""
        me = self.current
        if me is not self.main:
            self.main.gate.release()
            me.gate.acquire()
        raise Abort

    def _leave(self) -> None:
        """The run is over, and this thread still acts: it swallowed the signal, or cleans up. Signal it again."""
        me = self.current
        me.unwinds += 1
        if me.unwinds > UNWIND_LIMIT:
            if me is self.main:
                originals.exit_process(70)
            self._unwound.release()
            me.gate.acquire()  # nobody releases it any more
        raise Abort

    def unwind(self) -> None:
        """On the main thread, after the end: make every other thread leave its frames, one after the other."""
        for thread in self.threads[1:]:
            carrier = thread.carrier
            if carrier is None:
                continue
            if thread.state is not State.DONE:
                self.current = thread
                thread.gate.release()
                self._unwound.acquire()
            if thread.state is State.DONE:
                carrier.thread = None
                self._carriers.give_back(carrier)
        self.current = self.main

    # ---- the record

    def _keep(self, kind: str, line: int, data: list[Any], serial: int = -1) -> None:
        self.recorder.keep(self.clock.now_ns, self.current.serial if serial < 0 else serial, kind, line, data)

    def _note_spin(self, what: str) -> None:
        """Record that the student's code polls; what a library's own threads do is not theirs to mend."""
        line = self.reader.student_line(sys._getframe(2))
        if line and self.recorder.wants("spin"):
            self._keep("spin", line, [what])

    def _keep_wait(self, waitable: Waitable | None, deadline_ns: int, direct: str) -> None:
        frame: FrameType | None = sys._getframe(2)
        line = self.reader.student_line(frame)
        if direct == "sleep":
            self._keep("sleep", line, [deadline_ns])
            return
        holder = waitable.owner if waitable is not None else None
        held_by = -1 if holder is None or holder is self.current else holder.serial
        sight = waitable.sight if waitable is not None else None
        lock = sight.number if sight is not None else -1
        self._keep("wait", line, [self.reader.describe_wait(frame, direct), held_by, deadline_ns, lock])

    def _keep_switch(self, thread: ControlledThread, preempted: bool) -> None:
        """Tell who hands the baton to `thread`, at which line, by which choice, and how many could have had it."""
        if self.recorder.wants_detail():
            line = self.reader.student_line(sys._getframe(2)) if self.current.state is not State.DONE else 0
            self.keep_detail("switch", line, [self.contended, thread.serial, len(self.ready), preempted])

    def keep_detail(self, kind: str, line: int, data: list[Any]) -> None:
        """Store a detail of the running thread for which `recorder.wants_detail` has made room."""
        self._keep(kind, line, data)

    def record(self, kind: str, data: list[Any]) -> None:
        """Store a fact of the running thread: a note, a mark, output."""
        if self.over or not self.recorder.wants(kind):
            return
        self.made_progress()
        self._keep(kind, self.reader.student_line(sys._getframe(1)), data)


active: Scheduler | None = None
"""The schedule under way in this process; None before, between and after schedules."""
