"""Scenarios of ex04: sleeping tasks under a clock that moves only when somebody lets it. They hold no expectations."""

import contextlib
import threading
import time
from typing import Any

from threadmarks.prelude import Deadlock

START_S = 100.0
OVERSLEPT_S = 1e-7
"""Like every real clock, `park` comes back a little late, never early. It is far below the 1 µs that checks forgive."""

SPIN_READS = 2000
"""After so many reads without a park in between, the clock lets time pass by itself, so that a busy loop ends."""

SPIN_STEP_S = 0.0002
"""How much time passes with each read from then on: little, so that a busy loop is busy, but not wrong."""


class _Clock:
    """Shows the run's virtual time, lets it pass, and counts how it is used.

    Time that passes by other means (a blocking call of the student's) shows here as well, so that such a program is
    late where it is late, and right elsewhere.
    """

    def __init__(self, probe: Any) -> None:
        self._probe = probe
        self._begin_s = probe.now()
        self._idle_reads = 0
        self._pending_s = 0.0  # passed here, and not yet in the run's virtual time
        self.reads = 0
        self.parks = 0
        self.passed_s = 0.0
        self.spun_s = 0.0

    def now(self) -> float:
        self._count_read()
        return START_S + (self._probe.now() - self._begin_s) + self._pending_s

    def park(self, timeout: float | None) -> None:
        if timeout is None:
            self.note("parked_for_ever")
            threading.Event().wait()
            return
        if timeout <= 1e-6:
            self._count_read()  # a park of no length is not a wait; a loop of them is busy
            self._pass_later(max(0.0, timeout) + OVERSLEPT_S)
            return
        self.parks += 1
        self._idle_reads = 0
        if self.parks <= 50:
            self._probe.note("park", timeout)
        self._pass(timeout + OVERSLEPT_S)

    def advance(self, seconds: float) -> None:
        """A task works for so long."""
        self._idle_reads = 0
        self._pass(seconds)

    def note(self, name: str, value: Any = None) -> None:
        """Record a fact whose time matters."""
        self._settle()
        self._probe.note(name, value)

    def _count_read(self) -> None:
        self.reads += 1
        self._idle_reads += 1
        if self._idle_reads > SPIN_READS:
            seconds = SPIN_STEP_S * 2 ** (self._idle_reads // 20_000)
            self.spun_s += seconds
            self._pass_later(seconds)

    def _pass(self, seconds: float) -> None:
        self._pass_later(seconds)
        self._settle()

    def _pass_later(self, seconds: float) -> None:
        self.passed_s += seconds
        self._pending_s += seconds

    def _settle(self) -> None:
        if self._pending_s:
            seconds, self._pending_s = self._pending_s, 0.0
            self._probe.note("clock_moves")  # tells this sleep from one of the student's
            time.sleep(seconds)


def _use(clock: _Clock, scheduler: Any) -> dict[str, Any]:
    """How the clock was used."""
    return {
        "parks": clock.parks,
        "reads": clock.reads,
        "spun_s": clock.spun_s,
        "passed_s": clock.passed_s,
        "steps": scheduler.steps,
    }


def three_sleepers(student: Any, probe: Any) -> None:
    """Three tasks that sleep side by side, 0.2 to 0.9 s long."""
    lengths = sorted(probe.random.sample(range(2, 10), 3))
    clock = _Clock(probe)
    scheduler = student.TimerScheduler(clock)

    def sleeper(name: str, seconds: float) -> Any:
        yield student.sleep(seconds)
        clock.note("woke", name)

    for name, tenths in zip("ABC", lengths, strict=True):
        scheduler.spawn(sleeper(name, tenths / 10), name=name)
    clock.note("begin")
    scheduler.run()
    clock.note("end")


def wake_order(student: Any, probe: Any) -> None:
    """Six tasks, three deadlines, each asked for twice, in any order."""
    deadlines = probe.random.sample([0.1, 0.1, 0.2, 0.2, 0.3, 0.3], 6)
    clock = _Clock(probe)
    scheduler = student.TimerScheduler(clock)
    log: list[str] = []

    def sleeper(name: str, seconds: float) -> Any:
        yield student.sleep(seconds)
        log.append(name)

    for name, seconds in zip("ABCDEF", deadlines, strict=True):
        scheduler.spawn(sleeper(name, seconds), name=name)
    scheduler.run()
    probe.note("log", log)


def circle(student: Any, probe: Any) -> None:
    """A and B wait for each other, and nobody sleeps."""
    _circle(student, probe, sleeper_s=None)


def circle_beside_sleeper(student: Any, probe: Any) -> None:
    """A and B wait for each other, while C sleeps for 0.2 s."""
    _circle(student, probe, sleeper_s=0.2)


def _circle(student: Any, probe: Any, sleeper_s: float | None) -> None:
    clock = _Clock(probe)
    scheduler = student.TimerScheduler(clock)
    handles: dict[str, Any] = {}

    def waiter(other: str) -> Any:
        yield handles[other]

    def sleeper(seconds: float) -> Any:
        yield student.sleep(seconds)
        probe.note("slept")

    handles["A"] = scheduler.spawn(waiter("B"), name="A")
    handles["B"] = scheduler.spawn(waiter("A"), name="B")
    if sleeper_s is not None:
        scheduler.spawn(sleeper(sleeper_s), name="C")
    try:
        scheduler.run()
    except Deadlock:
        probe.note("ended", "Deadlock")
    else:
        probe.note("ended", "returned")
    probe.note("parks", clock.parks)


def every_kind_of_wait(student: Any, probe: Any) -> None:
    """Sleeping, ticking, a time-out that ends in time, and waiting for a task that sleeps."""
    clock = _Clock(probe)
    scheduler = student.TimerScheduler(clock)
    done: list[str] = []

    def sleeper(seconds: float) -> Any:
        yield student.sleep(seconds)
        done.append("sleep")

    def ticker() -> Any:
        ticks = student.interval(0.1)
        for _ in range(3):
            yield next(ticks)
        done.append("interval")

    def hurried() -> Any:
        yield from student.timeout(1.0, sleeper(0.25))
        done.append("timeout")

    def waiter(handle: Any) -> Any:
        yield handle
        done.append("handle")

    slow = scheduler.spawn(sleeper(0.4))
    for task in (ticker(), hurried(), waiter(slow)):
        scheduler.spawn(task)
    clock.note("begin")
    scheduler.run()
    clock.note("end")
    probe.note("done", sorted(done))
    probe.note("use", _use(clock, scheduler))


def short_sleeps(student: Any, probe: Any) -> None:
    """Five tasks, five different deadlines, up to 1 s."""
    _sleeps(student, probe, 0.5)


def long_sleeps(student: Any, probe: Any) -> None:
    """The same tasks with sleeps 1000 times as long."""
    _sleeps(student, probe, 500.0)


def _sleeps(student: Any, probe: Any, unit: float) -> None:
    clock = _Clock(probe)
    scheduler = student.TimerScheduler(clock)
    woke = 0

    def sleeper(*parts: float) -> Any:
        nonlocal woke
        for part in parts:
            yield student.sleep(part * unit)
        woke += 1

    for parts in ((1.0,), (1.0,), (1.4,), (2.0,), (0.5, 0.25)):
        scheduler.spawn(sleeper(*parts))
    scheduler.run()
    probe.note("woke", woke)
    probe.note("use", _use(clock, scheduler))


def busy_neighbour(student: Any, probe: Any) -> None:
    """One task sleeps 0.05 s; another works 1 ms in each of its turns, until the sleeper wakes; 300 at most."""
    clock = _Clock(probe)
    scheduler = student.TimerScheduler(clock)
    awake = False
    turns = asked = 0

    def sleeper() -> Any:
        nonlocal awake, asked
        asked = turns
        yield student.sleep(0.05)
        clock.note("turns", turns - asked)
        awake = True

    def worker() -> Any:
        nonlocal turns
        while not awake and turns < 300:
            turns += 1
            clock.advance(0.001)
            yield

    scheduler.spawn(sleeper(), name="sleeper")
    scheduler.spawn(worker(), name="worker")
    scheduler.run()


def short_naps(student: Any, probe: Any) -> None:
    """sleep(0) and sleep(-1) beside a task that is ready, and a sleep that was made before another one."""
    for name, seconds in (("zero", 0), ("negative", -1.0)):
        clock = _Clock(probe)
        scheduler = student.TimerScheduler(clock)
        log: list[str] = []

        def napper(seconds: float = seconds, log: list[str] = log) -> Any:
            log.append("nap")
            yield student.sleep(seconds)
            log.append("awake")

        def other(log: list[str] = log) -> Any:
            log.append("other")
            yield

        scheduler.spawn(napper())
        scheduler.spawn(other())
        clock.note(f"begin_{name}")
        scheduler.run()
        clock.note(f"end_{name}")
        probe.note(name, log)

    def late_user() -> Any:
        command = student.sleep(0.5)
        yield student.sleep(0.3)
        yield command
        late_clock.note("late_woke")

    late_clock = _Clock(probe)
    scheduler = student.TimerScheduler(late_clock)
    scheduler.spawn(late_user())
    late_clock.note("late_begin")
    scheduler.run()


def ticks(student: Any, probe: Any) -> None:
    """A task that takes 0.4 periods of 0.25 to 1 s after each tick: half working, half asleep."""
    period = probe.random.choice([0.25, 0.5, 0.75, 1.0])
    clock = _Clock(probe)
    scheduler = student.TimerScheduler(clock)

    def ticker() -> Any:
        yield student.sleep(0.1)
        end = clock.now() + 7.9 * period
        its_ticks = student.interval(period)
        clock.note("asked")
        for _ in range(30):
            yield next(its_ticks)
            if clock.now() > end:
                break
            clock.note("tick")
            clock.advance(0.2 * period)
            yield student.sleep(0.2 * period)

    scheduler.spawn(ticker())
    scheduler.run()


class _Case:
    """One `timeout(1.0, ...)`, alone on its scheduler."""

    def __init__(self, name: str, student: Any, probe: Any) -> None:
        self.name = name
        self.clock = _Clock(probe)
        self.scheduler = student.TimerScheduler(self.clock)
        self.finished: list[str] = []


def timeouts(student: Any, probe: Any) -> None:
    """Each case runs alone on a scheduler of its own; what happened and when is noted."""
    own, helpers = (f"{probe.random.randrange(16**8):08x}" for _ in range(2))

    def quick(case: _Case) -> Any:
        yield student.sleep(0.2)
        yield
        return own

    def slow(case: _Case) -> Any:
        try:
            yield student.sleep(5.0)
        finally:
            case.finished.append("finally")

    def failing(case: _Case) -> Any:
        yield student.sleep(0.1)
        raise KeyError("its own")

    def helper(seconds: float) -> Any:
        yield student.sleep(seconds)
        return helpers

    def helped(case: _Case) -> Any:
        return (yield case.scheduler.spawn(helper(0.5)))

    def unhelped(case: _Case) -> Any:
        return (yield case.scheduler.spawn(helper(1.5)))

    def task(case: _Case, inner: Any, then_sleep: float) -> Any:
        try:
            value = yield from student.timeout(1.0, inner)
            outcome = ["value", value]
        except (TimeoutError, KeyError) as error:
            outcome = ["raised", type(error).__name__]
        case.clock.note(f"{case.name}_outcome", [*outcome, *case.finished])
        yield student.sleep(then_sleep)
        case.clock.note(f"{case.name}_slept")

    for make, then_sleep in ((quick, 0.25), (slow, 1.0), (failing, 1.5), (helped, 0.25), (unhelped, 1.0)):
        case = _Case(make.__name__, student, probe)
        case.clock.note(f"{case.name}_begin")
        case.scheduler.spawn(task(case, make(case), then_sleep))
        case.scheduler.run()
        case.clock.note(f"{case.name}_end")


def timeout_beside_a_sleeper(student: Any, probe: Any) -> None:
    """A task whose inner sleep is cut short, beside one that sleeps for longer."""
    clock = _Clock(probe)
    scheduler = student.TimerScheduler(clock)

    def slow() -> Any:
        yield student.sleep(1.0)

    def hurried() -> Any:
        with contextlib.suppress(TimeoutError):
            yield from student.timeout(0.1, slow())

    def sleeper() -> Any:
        yield student.sleep(5.0)

    scheduler.spawn(hurried())
    scheduler.spawn(sleeper())
    scheduler.run()
    probe.note("parks", clock.parks)


def two_tasks(student: Any, probe: Any) -> None:
    """The Tokio program: main starts two tasks and waits for both."""
    clock = _Clock(probe)
    scheduler = student.TimerScheduler(clock)

    def task(name: str, turns: int, seconds: float) -> Any:
        for _ in range(turns):
            clock.note(name)
            yield student.sleep(seconds)

    def main() -> Any:
        first = scheduler.spawn(task("task 1", 4, 0.5))
        second = scheduler.spawn(task("task 2", 2, 0.7))
        yield first
        yield second

    clock.note("begin")
    scheduler.spawn(main())
    scheduler.run()
    clock.note("end")
