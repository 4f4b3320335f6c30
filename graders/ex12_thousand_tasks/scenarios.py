"""Scenarios of ex12: tasks that are woken at bad moments, and workers that are kept busy. No expectations.

Main waits with time-outs of its own (virtual, so they cost nothing): a runtime that loses a task does not hang the scenario.
"""

import contextlib
import threading
import time

from threadmarks.prelude import PENDING, Future, JoinError, Ready

_PATIENCE_S = 30


class _Watched(Future):
    """Pending until `over` is set and it is woken. It knows how many threads poll it at once, and which wakes a poll has seen.

    `during(number)` is called in the middle of each poll.
    """

    def __init__(self, during=lambda _number: None):
        self._during = during
        self._lock = threading.Lock()
        self._inside = 0
        self.most_inside = 0
        self.polls = 0
        self.posted = 0
        self.seen = 0
        self.waker = None
        self.over = False
        self.polled = threading.Event()

    def poll(self, cx):
        with self._lock:
            self._inside += 1
            self.most_inside = max(self.most_inside, self._inside)
            self.polls += 1
            number, over = self.polls, self.over
            self.seen = max(self.seen, self.posted)
            self.waker = cx.waker
        self.polled.set()
        self._during(number)
        with self._lock:
            self._inside -= 1
        return Ready(None) if over else PENDING

    def wake(self, *, clone=False):
        """Say that a wake comes, then wake: the poll that it leads to sees it. (A task that was never polled has no waker yet.)"""
        with self._lock:
            self.posted += 1
            waker = self.waker
        if waker is not None:
            (waker.clone() if clone else waker).wake()

    def end(self):
        self.over = True
        self.wake()

    def told(self):
        """Whether each wake was followed by a poll, and how many threads polled at once."""
        return {"posted": self.posted, "seen": self.seen, "at_once": self.most_inside, "polls": self.polls}


class _Clock:
    """A clock that began long ago."""

    def __init__(self, probe):
        self._probe = probe
        self._begin = probe.now()
        self.reads = 0

    def now(self):
        self.reads += 1
        return 500.0 + self._probe.now() - self._begin

    def park(self, timeout):
        self._probe.note("clock_parked")
        time.sleep(timeout or 0.0)


class _FalsyBoom(Exception):
    """An exception that counts as false."""

    def __bool__(self):
        return False


def _waits(future, ended):
    """A coroutine that awaits a future and then says so."""

    async def task():
        await future
        ended.release()

    return task()


def _count(done, wanted):
    """How often the semaphore `done` was released, up to `wanted`; gives up when nothing comes any more."""
    for counted in range(wanted):
        if not done.acquire(timeout=_PATIENCE_S):
            return counted
    return wanted


def _in_steps(count):
    """The numbers below `count`, with a short breath now and then: who works on for very long with no effect on anybody counts as
    spinning.
    """
    for number in range(count):
        if number % 50 == 49:
            time.sleep(1e-7)
        yield number


def _start(function, *args):
    thread = threading.Thread(target=function, args=args, daemon=True)
    thread.start()
    return thread


def thousand_sleepers(student, probe):
    """A thousand tasks in three groups, each of which sleeps its own time; the root awaits them all."""
    tenths = sorted(probe.random.sample(range(2, 10), 3))
    lengths = [each / 10 for each in tenths]
    ended = {length: [] for length in lengths}
    clock = _Clock(probe)
    probe.mark("imported")
    runtime = student.MultiRuntime(4, clock)
    probe.mark("constructed")

    async def sleeper(number):
        length = lengths[number % 3]
        await student.sleep(length)
        ended[length].append(probe.now() - begin)
        return number

    async def root():
        handles = [runtime.spawn(sleeper(number)) for number in _in_steps(1000)]
        return sum([await handle for handle in handles])

    async def nothing():
        pass

    begin = probe.now()
    probe.note("sum", runtime.block_on(root()))
    probe.note("took", probe.now() - begin)
    runtime.block_on(nothing())
    probe.note("ended", [[len(at), min(at, default=0), max(at, default=0)] for at in ended.values()])
    probe.note("reads", clock.reads)
    stats = runtime.stats
    probe.note("stats", [stats.threads, stats.polls, stats.max_tasks_alive])


def a_short_sleep_comes_late(student, probe):
    """While everybody waits for a long sleep, a task comes that sleeps for a short time."""
    runtime = student.MultiRuntime(4)
    ended = threading.Semaphore(0)

    async def sleeper(seconds):
        begin = probe.now()
        await student.sleep(seconds)
        probe.note("slept", [seconds, probe.now() - begin])
        ended.release()

    for seconds in (8.0, 5.0, 0.5):
        runtime.spawn(sleeper(seconds))
        time.sleep(1)
    _count(ended, 3)


def woken_in_the_middle(student, probe):
    """Each poll takes a while, and wakes come meanwhile: one, and then many."""
    future = _Watched(lambda _number: time.sleep(1))
    runtime = student.MultiRuntime(4)
    ended = threading.Semaphore(0)
    runtime.spawn(_waits(future, ended))
    for wakes in (1, 1, 5):
        future.polled.wait(_PATIENCE_S)
        time.sleep(0.25)
        for _ in range(wakes):
            future.wake()
            time.sleep(0.1)
        time.sleep(3)
        future.polled.clear()
        future.wake()
    time.sleep(3)
    probe.note("told", future.told())
    future.end()
    probe.note("ended", _count(ended, 1))


def eight_threads_wake(student, probe):
    """Eight threads wake one task, 250 times each."""
    future = _Watched()
    runtime = student.MultiRuntime(4)
    ended = threading.Semaphore(0)
    runtime.spawn(_waits(future, ended))
    future.polled.wait(_PATIENCE_S)

    def wake_often(number):
        for turn in range(250):
            future.wake(clone=turn % 2 == 1)
            if turn % 8 == number:
                time.sleep(0.001)

    threads = [_start(wake_often, number) for number in range(8)]
    for thread in threads:
        thread.join()
    time.sleep(1)
    probe.note("told", future.told())
    future.end()
    probe.note("ended", _count(ended, 1))


def woken_as_the_poll_ends(student, probe):
    """A thread wakes the task twice, at just about the moment at which its poll returns PENDING; later polls take a moment."""
    together = threading.Barrier(2)

    def meet(number):
        if number == 1:
            together.wait()
        else:
            time.sleep(0.01)

    future = _Watched(meet)
    runtime = student.MultiRuntime(2)
    ended = threading.Semaphore(0)

    def wake():
        together.wait()
        future.wake()
        future.wake()

    thread = _start(wake)
    runtime.spawn(_waits(future, ended))
    thread.join()
    time.sleep(0.1)
    probe.note("told", future.told())
    future.end()
    probe.note("ended", _count(ended, 1))


def two_threads_wake(student, probe):
    """Two threads wake a task that waits, at the same time; its polls take a moment."""
    future = _Watched(lambda _number: time.sleep(0.01))
    runtime = student.MultiRuntime(2)
    ended = threading.Semaphore(0)
    runtime.spawn(_waits(future, ended))
    time.sleep(0.1)
    together = threading.Barrier(2)

    def wake():
        together.wait()
        future.wake()

    threads = [_start(wake) for _ in range(2)]
    for thread in threads:
        thread.join()
    time.sleep(0.1)
    probe.note("told", future.told())
    future.end()
    probe.note("ended", _count(ended, 1))


def _blocked_on(runtime, coroutine):
    """What a coroutine returned that catches what its handles raise."""
    try:
        return runtime.block_on(coroutine)
    except JoinError as error:
        return f"block_on raised {type(error).__name__}: the coroutine that awaited had no chance to catch it"


def panics_then_a_barrier(student, probe):
    """Four tasks panic; then four tasks hold their worker until all four have met, twice."""
    word = f"{probe.random.randrange(16**8):08x}"
    runtime = student.MultiRuntime(4)
    errors = [ValueError(word), SystemExit(3), _FalsyBoom(word), KeyError(word)]
    barrier = threading.Barrier(4)
    met = threading.Semaphore(0)

    async def bad(error):
        raise error

    async def told(handle, error):
        try:
            await handle
        except JoinError as failure:
            return failure.payload is error
        except BaseException as failure:
            return type(failure).__name__
        return "returned"

    async def meet():
        barrier.wait()
        met.release()

    async def root():
        handles = [runtime.spawn(bad(error)) for error in errors]
        return [await told(handle, error) for handle, error in zip(handles, errors, strict=True)]

    probe.note("payloads", _blocked_on(runtime, root()))

    async def root_panics():
        raise errors[0]

    try:
        runtime.block_on(root_panics())
    except BaseException as error:
        probe.note("root_raised", [type(error).__name__, error is errors[0]])
    for _ in range(8):
        runtime.spawn(meet())
    probe.note("met", _count(met, 8))


def awaited_as_it_ends(student, probe):
    """A task awaits another one that ends at about that moment, on another worker."""
    value = probe.random.randrange(1000, 10_000)
    runtime = student.MultiRuntime(2)
    together = threading.Barrier(2)
    ended = threading.Semaphore(0)
    got = []

    async def ends():
        together.wait()
        return value

    async def waits(handle):
        together.wait()
        got.append(await handle)
        ended.release()

    runtime.spawn(waits(runtime.spawn(ends())))
    _count(ended, 1)
    probe.note("got", got)


def blocks_on_what_ends(student, probe):
    """block_on of a coroutine that ends at once."""
    value = probe.random.randrange(1000, 10_000)
    runtime = student.MultiRuntime(1)

    async def root():
        return value

    probe.note("got", runtime.block_on(root()))


def one_of_a_hundred_blocks(student, probe):
    """A hundred tasks; one of them holds its worker at a gate, the others sleep."""
    length = probe.random.randrange(2, 10) / 10
    runtime = student.MultiRuntime(4)
    gate, ended = threading.Event(), threading.Semaphore(0)
    late = []

    async def sleeper():
        await student.sleep(length)
        late.append(probe.now() - begin - length)
        ended.release()

    async def blocker():
        probe.note("blocks")
        gate.wait()

    begin = probe.now()
    for number in range(100):
        runtime.spawn(blocker() if number == 50 else sleeper())
    probe.note("ended", _count(ended, 99))
    probe.note("late", max(late, default=0.0))
    gate.set()


def whoever_keeps_the_time_is_taken(student, probe):
    """Two workers and a task that sleeps; when all is quiet, a few quick tasks come, and then one that holds its worker."""
    for quick in range(4):
        runtime = student.MultiRuntime(2)
        gate, ended = threading.Event(), threading.Semaphore(0)

        async def sleeper(ended=ended):
            await student.sleep(5)
            ended.release()

        async def nothing():
            pass

        async def blocker(gate=gate):
            gate.wait()

        begin = probe.now()
        runtime.spawn(sleeper())
        for _ in range(quick):
            time.sleep(0.5)
            runtime.spawn(nothing())
        time.sleep(0.5)
        runtime.spawn(blocker())
        woke = ended.acquire(timeout=_PATIENCE_S)
        probe.note("woke", [woke, probe.now() - begin])
        gate.set()


def wakes_another_and_blocks(student, probe):
    """A task wakes one task, spawns another, and then holds its worker."""
    runtime = student.MultiRuntime(2)
    gate, ended = threading.Event(), threading.Semaphore(0)
    future = _Watched()

    async def nothing():
        ended.release()

    async def blocker():
        future.end()
        handles.append(runtime.spawn(nothing()))
        gate.wait()

    handles = []  # nobody awaits it
    runtime.spawn(_waits(future, ended))
    time.sleep(1)
    runtime.spawn(blocker())
    probe.note("ended", _count(ended, 2))
    gate.set()


def two_come_at_once(student, probe):
    """Two workers; one task sleeps, so that a worker may wait for its deadline. Then a task that holds its worker comes, and another one."""
    runtime = student.MultiRuntime(2)
    gate, ended = threading.Event(), threading.Semaphore(0)

    async def sleeper():
        await student.sleep(3600)

    async def blocker():
        gate.wait()

    async def nothing():
        ended.release()

    runtime.spawn(sleeper())
    time.sleep(1)
    runtime.spawn(blocker())
    runtime.spawn(nothing())
    probe.note("ended", _count(ended, 1))
    gate.set()


def all_asleep(student, probe):
    """Eight workers. All that is there is a sleep of an hour; then a task is woken from outside, twenty times."""
    runtime = student.MultiRuntime(8)
    future, ended = _Watched(), threading.Semaphore(0)

    async def sleeper():
        await student.sleep(3600)

    for phase in ("nothing", "asleep"):
        time.sleep(1)
        probe.mark(f"{phase}_begin")
        time.sleep(5)
        probe.mark(f"{phase}_end")
        if phase == "nothing":
            runtime.spawn(sleeper())
    runtime.spawn(_waits(future, ended))
    future.polled.wait(_PATIENCE_S)
    time.sleep(1)
    parks = runtime.stats.parks
    probe.mark("woken_begin")
    for _ in range(20):
        future.wake()
        time.sleep(0.25)
    probe.mark("woken_end")
    probe.note("woken", {"told": future.told(), "parks": runtime.stats.parks - parks})
    future.end()
    probe.note("ended", _count(ended, 1))


def one_task_after_another(student, probe):
    """One worker. A task comes each time when the one before has ended, and the worker may be about to fall asleep."""
    runtime = student.MultiRuntime(1)
    ended = threading.Semaphore(0)

    async def task():
        ended.release()

    ran = 0
    for _ in range(3):
        runtime.spawn(task())
        ran += _count(ended, 1)
    probe.note("ran", ran)


def thousands_for_busy_workers(student, probe):
    """All workers are held at a gate while 1500 tasks come."""
    runtime = student.MultiRuntime(4)
    gate, ended = threading.Event(), threading.Semaphore(0)
    accepted = []

    async def blocker():
        gate.wait()

    async def task():
        ended.release()

    def submit():
        for _ in _in_steps(1500):
            runtime.spawn(task())
            accepted.append(True)

    for _ in range(4):
        runtime.spawn(blocker())
    time.sleep(1)
    submitter = _start(submit)
    submitter.join(_PATIENCE_S)
    probe.note("submitter", probe.serial(submitter))
    probe.note("accepted", len(accepted))
    gate.set()
    probe.note("ended", _count(ended, 1500))


def two_tasks_are_counted(student, probe):
    """Two workers poll a task each. The tasks wake themselves, and meet at the end of each poll, if they can: so the next ones begin together."""
    pair = threading.Barrier(2)
    futures, ended = [], threading.Semaphore(0)

    def during_poll_of(index):
        def wake_and_meet(number):
            futures[index].over = number >= 3
            futures[index].wake()
            with contextlib.suppress(threading.BrokenBarrierError):
                pair.wait(0.1)

        return wake_and_meet

    futures += [_Watched(during_poll_of(index)) for index in range(2)]
    runtime = student.MultiRuntime(2)
    for future in futures:
        runtime.spawn(_waits(future, ended))
    _count(ended, 2)
    time.sleep(0.1)
    probe.note("polls", [runtime.stats.polls, sum(future.polls for future in futures)])


def tasks_against_threads(student, probe):
    """compare, with a drawn number of jobs and a drawn sleep."""
    n, tenths = probe.random.randrange(20, 60), probe.random.randrange(2, 10)
    probe.mark("begin")
    reports = student.compare(n, tenths / 10)
    probe.mark("end")
    probe.note("reports", [[each.n, each.threads, each.elapsed, each.total] for each in reports])


def shut_down_with_tasks(student, probe):
    """Two workers, one of them in the middle of a poll; tasks that sleep, that wait for a wake, and one that never began."""
    runtime = student.MultiRuntime(2)
    log, gate = [], threading.Event()
    future = _Watched()

    async def pending(name, awaited):
        try:
            await awaited
        finally:
            log.append(name)

    async def blocker(name):
        try:
            gate.wait()
            log.append(f"{name} was let through")
            await student.sleep(3600)
        finally:
            log.append(name)

    async def never_begun():
        log.append("began")

    runtime.spawn(pending("sleeps", student.sleep(3600)))
    runtime.spawn(pending("waits", future))
    time.sleep(1)
    for name in ("first", "second"):
        runtime.spawn(blocker(name))
    time.sleep(1)
    runtime.spawn(never_begun())
    threading.Timer(1, gate.set).start()
    begin = probe.now()
    runtime.shutdown()
    probe.note("took", probe.now() - begin)
    probe.mark("shut_down")
    probe.note("log", list(log))
    future.wake()
    time.sleep(5)
    probe.note("log_later", list(log))
    probe.note("polls", future.polls)


def shut_down_right_away(student, probe):
    """The runtime is shut down directly after a task was spawned."""
    runtime = student.MultiRuntime(2)
    log = []

    async def task():
        log.append("began")
        try:
            await student.sleep(3600)
        finally:
            log.append("finally")

    runtime.spawn(task())
    runtime.shutdown()
    probe.note("log", log)
