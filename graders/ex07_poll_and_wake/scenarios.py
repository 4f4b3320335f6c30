"""Scenarios of ex07: futures that count how they are polled, and a parker that knows what the outside does. No expectations."""

import contextlib
import threading
import time

from threadmarks.prelude import PENDING, Cancelled, Deadlock, Future, JoinError, PolledAfterReady, Ready


class _Gate(Future):
    """Pending until it is opened; counts its polls, and keeps the last waker."""

    def __init__(self, name="", log=None):
        self.name = name
        self.log = log if log is not None else []
        self.polls = 0
        self.late_polls = 0
        self.waker = None
        self.is_open = False
        self.told = False

    def poll(self, cx):
        if self.told:
            self.late_polls += 1
            raise PolledAfterReady(self.name)
        self.polls += 1
        self.log.append(self.name)
        self.waker = cx.waker
        if not self.is_open:
            return PENDING
        self.told = True
        return Ready(self.name)

    def wake(self):
        self.waker.wake()

    def open(self):
        self.is_open = True
        self.waker.wake()


class _Parker:
    """Keeps a permit, as a parker must. Before it sleeps, it lets the next thing happen outside.

    `returns`: it comes back after each of these things, unparked or not, as a parker may.
    """

    def __init__(self, probe, outside=(), *, returns=False):
        self._probe = probe
        self._outside = list(outside)
        self._returns = returns
        self._permit = threading.Event()  # not as the statement asks for it: students see this file's visible part
        self.asleep = threading.Event()
        self.parks = 0
        self.timed = 0

    def park(self, timeout):
        self.parks += 1
        if timeout is not None:
            self.timed += 1
        if self._outside:
            self._outside.pop(0)()
            if self._returns:
                self._permit.clear()
                return
        self.asleep.set()
        self._permit.wait(timeout)
        self._permit.clear()

    def unpark(self):
        self._permit.set()


class _PolledOnce(Future):
    """Polls another future once, whatever comes of it."""

    def __init__(self, inner):
        self._inner = inner

    def poll(self, cx):
        return Ready(self._inner.poll(cx) is PENDING)


class _PolledOnceMore(Future):
    """Polls another future until it is ready, and then once more."""

    def __init__(self, inner):
        self._inner = inner

    def poll(self, cx):
        if self._inner.poll(cx) is PENDING:
            return PENDING
        try:
            return Ready(f"returned {type(self._inner.poll(cx)).__name__}")
        except PolledAfterReady:
            return Ready("PolledAfterReady")
        except Exception as error:
            return Ready(f"raised {type(error).__name__}")


class _Meeting(Future):
    """Another future, at whose first poll all who meet are as far as this one."""

    def __init__(self, inner, *steps):
        self._inner = inner
        self._steps = steps

    def poll(self, cx):
        steps, self._steps = self._steps, ()
        for step in steps:
            step()
        return self._inner.poll(cx)


def nothing_yet(student, probe):
    """Futures of every kind are made, a task is spawned; nothing runs until block_on is called."""
    ran = []

    async def work(name):
        ran.append(name)
        return name

    executor = student.Executor()
    gate = _Gate()
    made = [
        student.from_coroutine(work("from_coroutine")),
        student.join(student.from_coroutine(work("join")), gate),
        student.select(student.from_coroutine(work("select")), gate),
        student.YieldNow(),
        student.OneShotFuture(),
        student.sleep(1.0),
    ]
    handle = executor.spawn(work("spawn"))
    probe.note("before", {"ran": list(ran), "polls": gate.polls + executor.polls})
    probe.note("value", executor.block_on(handle))
    probe.note("after", list(ran))
    for future in made[:3]:
        future.close()


def counted_polls(student, probe):
    """Two tasks whose futures are woken one at a time, from outside, in a drawn order; then one by itself."""
    wakes = list("AAABB")
    probe.random.shuffle(wakes)
    alone = probe.random.randrange(2, 6)
    log = []
    gates = {"A": _Gate("A", log), "B": _Gate("B", log)}
    outside = [gates[name].wake for name in wakes] + [gates["A"].open, gates["B"].open]
    executor = student.Executor(parker=_Parker(probe, outside, returns=True))
    with executor.expect_wake():
        handles = [executor.spawn(gates["A"]), executor.spawn(gates["B"])]

        async def both():
            return [await handles[0], await handles[1]]

        probe.note("values", executor.block_on(both()))
    probe.note("log", log)
    gate = _Gate("C")
    executor = student.Executor(parker=_Parker(probe, [gate.wake] * (alone - 1) + [gate.open], returns=True))
    with executor.expect_wake():
        executor.block_on(gate)
    probe.note("alone", [gate.polls, executor.polls])


def wakes_itself(student, probe):
    """A future that wakes its task each time before it returns PENDING."""
    times = probe.random.randrange(3, 9)

    class _Eager(_Gate):
        def poll(self, cx):
            cx.waker.wake()
            self.is_open = self.polls == times
            return super().poll(cx)

    eager = _Eager("eager")
    parker = _Parker(probe)
    executor = student.Executor(parker=parker)
    probe.note("begin")
    executor.block_on(eager)
    probe.note("polls", eager.polls)


def gives_way(student, probe):
    """Two tasks that say a number and give way, again and again."""
    executor = student.Executor()
    turns = []

    async def speaker(name):
        for _ in range(4):
            turns.append(name)
            await student.YieldNow()

    async def both():
        handles = [executor.spawn(speaker("A")), executor.spawn(speaker("B"))]
        for handle in handles:
            await handle

    executor.block_on(both())
    probe.note("turns", turns)


def woken_before_it_sleeps(student, probe):
    """The wake comes after the last poll, and before the thread has gone to sleep."""
    gate = _Gate("gate")
    executor = student.Executor(parker=_Parker(probe, [gate.open]))
    with executor.expect_wake():
        probe.note("value", executor.block_on(gate))


def a_thread_sets(student, probe):
    """A thread sets a one-shot at any moment; it is expected all the time. The executor's own parker."""
    executor = student.Executor()
    with executor.expect_wake():
        _a_thread_sets(student, probe, executor, lambda: None, thread_first=True)


def a_thread_sets_and_leaves(student, probe):
    """A thread sets a one-shot at any moment, and then says that no more will come."""
    executor = student.Executor()
    outside = executor.expect_wake()
    outside.__enter__()
    _a_thread_sets(student, probe, executor, lambda: outside.__exit__(None, None, None), thread_first=False)


def _a_thread_sets(student, probe, executor, leave, *, thread_first):
    """`thread_first`: which of the two goes on when they have met, when nobody is preempted."""
    value = probe.random.randrange(1000, 10_000)
    one = student.OneShotFuture()
    together, go = threading.Barrier(2), threading.Event()
    if not thread_first:
        go.set()

    def set_it():
        go.wait()
        together.wait()
        one.set(value)
        leave()

    thread = threading.Thread(target=set_it)
    thread.start()
    probe.note("value", executor.block_on(_Meeting(one, go.set, together.wait)))
    thread.join()


def two_threads_set(student, probe):
    """Two threads set a one-shot each, at any moment; one task waits for both."""
    values = [probe.random.randrange(1000, 10_000) for _ in range(2)]
    executor = student.Executor()
    ones = [student.OneShotFuture(), student.OneShotFuture()]

    together = threading.Barrier(3)

    def set_it(one, value):
        together.wait()
        one.set(value)

    threads = [threading.Thread(target=set_it, args=pair) for pair in zip(ones, values, strict=True)]
    with executor.expect_wake():
        for thread in threads:
            thread.start()
        probe.note("values", list(executor.block_on(_Meeting(student.join(*ones), together.wait))))
    for thread in threads:
        thread.join()


def woken_by_a_thread(student, probe):
    """Another thread sets a one-shot while the executor's thread is parked."""
    value = probe.random.randrange(1000, 10_000)
    parker = _Parker(probe)
    executor = student.Executor(parker=parker)
    one = student.OneShotFuture()

    def set_it():
        parker.asleep.wait()
        time.sleep(1.0)
        one.set(value)

    async def waiter():
        got = await one
        probe.note("went_on", got)

    thread = threading.Thread(target=set_it)
    thread.start()
    with executor.expect_wake():
        executor.block_on(waiter())
    thread.join()
    probe.note("timed", parker.timed)


def sleeps(student, probe):
    """One sleep; then three side by side, on a clock that began long ago."""
    lengths = [tenths / 10 for tenths in sorted(probe.random.sample(range(2, 10), 4))]
    begin = probe.now()

    class _Clock:
        reads = 0

        def now(self):
            self.reads += 1
            if self.reads > 2000:
                time.sleep(0.0005)  # a loop that only looks at the clock comes to its end, too
            return 500.0 + probe.now() - begin

        def park(self, timeout):
            probe.note("clock_parked")
            time.sleep(timeout or 0.0)

    parker = _Parker(probe)
    executor = student.Executor(_Clock(), parker)
    probe.note("begin")
    executor.block_on(student.sleep(lengths[0]))
    probe.note("woke")
    probe.note("one", {"polls": executor.polls, "parks": parker.parks, "counted": executor.parks})
    parker = _Parker(probe)
    clock = _Clock()
    executor = student.Executor(clock, parker)

    async def sleeper(seconds):
        await student.sleep(seconds)
        probe.note("slept", seconds)

    async def all_three():
        handles = [executor.spawn(sleeper(seconds)) for seconds in lengths[1:]]
        for handle in handles:
            await handle

    probe.note("begin_three")
    executor.block_on(all_three())
    probe.note("three", {"polls": executor.polls, "parks": parker.parks, "reads": clock.reads})


def hundred_wakes(student, probe):
    """A task's waker and its clones are called a hundred times before its next poll."""
    gate, other = _Gate("gate"), _Gate("other")
    seen = []

    def wake_often():
        wakers = [gate.waker, gate.waker.clone(), gate.waker.clone().clone()]
        for number in range(99):
            wakers[number % 3].wake()
        wakers[0].wake()

    def end():
        seen.append(gate.polls)
        gate.open()

    executor = student.Executor(parker=_Parker(probe, [wake_often, end, other.open], returns=True))

    async def both():
        await handles[0]
        await handles[1]

    with executor.expect_wake():
        handles = [executor.spawn(gate), executor.spawn(other)]
        executor.block_on(both())
    probe.note("polls", seen)


def whose_waker(student, probe):
    """What will_wake says of the wakers of two tasks."""
    gates = [_Gate("A"), _Gate("B")]
    executor = student.Executor(parker=_Parker(probe, [gates[0].open, gates[1].open], returns=True))
    with executor.expect_wake():
        handle = executor.spawn(gates[0])
        executor.block_on(gates[1])
        executor.block_on(handle)
    mine, other = gates[0].waker, gates[1].waker
    answers = [mine.will_wake(mine), mine.clone().will_wake(mine), mine.will_wake(other), other.will_wake(mine.clone())]
    probe.note("answers", answers)


def moved_one_shot(student, probe):
    """A one-shot is polled by task A, then awaited by task B; then it is set."""
    one = student.OneShotFuture()
    _moved(student, probe, lambda _executor: one, [lambda: one.set("came")])


def moved_sleep(student, probe):
    """A sleep is polled by task A, then awaited by task B."""
    _moved(student, probe, lambda _executor: student.sleep(0.5), [])


def moved_handle(student, probe):
    """The handle of a task is polled by task A, then awaited by task B; then the task ends."""
    gate = _Gate("gate")
    _moved(student, probe, lambda executor: executor.spawn(gate), [gate.open])


def _moved(student, probe, make, outside):
    executor = student.Executor(parker=_Parker(probe, outside, returns=True))
    future = make(executor)

    async def first():
        probe.note("pending", await _PolledOnce(future))
        return executor.spawn(second())

    async def second():
        await future
        return "ended"

    async def root():
        handle = await executor.spawn(first())
        return await handle

    with executor.expect_wake():
        probe.note("second", executor.block_on(root()))


def finished_futures(student, probe):
    """Futures of each kind are polled once more after they were ready."""
    executor = student.Executor()

    async def nothing():
        return None

    one = student.OneShotFuture()
    one.set(None)
    kinds = {
        "YieldNow": student.YieldNow(),
        "OneShotFuture": one,
        "sleep": student.sleep(0.1),
        "from_coroutine": student.from_coroutine(nothing()),
        "join": student.join(student.from_coroutine(nothing())),
        "select": student.select(student.from_coroutine(nothing())),
        "JoinFuture": executor.spawn(nothing()),
    }
    probe.note("again", {kind: executor.block_on(_PolledOnceMore(future)) for kind, future in kinds.items()})


def woken_after_its_end(student, probe):
    """The waker of a task that has ended is called; so is join's, of whose parts one is ready."""
    gates = [_Gate(name) for name in "ABC"]
    outside = [gates[0].open, gates[0].wake, gates[1].open, gates[1].wake, gates[2].open]
    executor = student.Executor(parker=_Parker(probe, outside, returns=True))
    with executor.expect_wake():
        handle = executor.spawn(gates[0])
        with contextlib.suppress(PolledAfterReady):
            probe.note("joined", list(executor.block_on(student.join(handle, gates[1], gates[2]))))
    probe.note("late_polls", sum(gate.late_polls for gate in gates))


def panics(student, probe):
    """Three tasks, of which the second panics; then one that exits; then the root itself."""
    word = f"{probe.random.randrange(16**8):08x}"
    executor = student.Executor()
    error = ValueError(word)

    async def fine(name):
        return name

    async def bad(raised):
        raise raised

    async def told(handle):
        try:
            return ["value", await handle]
        except JoinError as failure:
            payload = failure.payload
            return ["JoinError", type(payload).__name__, str(payload), payload is error]

    async def root():
        handles = [executor.spawn(each) for each in (fine("first"), bad(error), fine("third"), bad(SystemExit(3)))]
        return [await told(handle) for handle in handles]

    probe.note("ends", executor.block_on(root()))
    try:
        executor.block_on(bad(error))
    except BaseException as raised:
        probe.note("root", [type(raised).__name__, raised is error])
    else:
        probe.note("root", ["returned", False])


def aborted(student, probe):
    """A task is aborted while it waits, another before its first poll, a third after its end."""
    executor = student.Executor(parker=_Parker(probe))
    done = []

    async def waiter():
        try:
            await _Gate("for ever")
        finally:
            done.append("finally")

    async def never():
        done.append("never")

    async def quick():
        return "value"

    async def told(handle):
        try:
            return ["value", await handle]
        except Cancelled:
            return ["Cancelled"]

    async def root():
        handles = [executor.spawn(each) for each in (waiting, quick())]
        await executor.spawn(quick())  # the others had their turn before it
        handles.append(executor.spawn(never()))
        for handle in handles:
            handle.abort()
        return [await told(handle) for handle in handles]

    waiting = student.from_coroutine(waiter())  # kept: what nobody keeps is dropped anyway
    with executor.expect_wake():
        probe.note("ends", executor.block_on(root()))
    probe.note("done", done)


def never_woken(student, probe):
    """Nothing can wake the root: no other task, no timer, nobody outside."""
    executor = student.Executor(parker=_Parker(probe))
    try:
        executor.block_on(_Gate("for ever"))
    except Deadlock:
        probe.note("ended", "Deadlock")
    else:
        probe.note("ended", "returned")


def woken_late(student, probe):
    """Somebody outside is expected, and comes after a long time."""
    gate = _Gate("gate")
    executor = student.Executor()

    def open_late():
        time.sleep(3600.0)
        gate.open()

    thread = threading.Thread(target=open_late)
    thread.start()
    with executor.expect_wake():
        probe.note("value", executor.block_on(gate))
    thread.join()


def expected_in_vain(student, probe):
    """Somebody outside is expected, and leaves without having woken anybody."""
    executor = student.Executor()
    outside = executor.expect_wake()
    outside.__enter__()

    def leave():
        time.sleep(1.0)
        outside.__exit__(None, None, None)

    thread = threading.Thread(target=leave)
    thread.start()
    try:
        executor.block_on(_Gate("for ever"))
    except Deadlock:
        probe.note("ended", "Deadlock")
    else:
        probe.note("ended", "returned")
    thread.join()


class _Panics(Future):
    """Panics when it is polled."""

    def poll(self, _cx):
        raise KeyError("inside")


def awaits_in_awaits(student, probe):
    """Three coroutines deep, a value and an exception; then join and select."""
    number = probe.random.randrange(1000, 10_000)
    executor = student.Executor(parker=_Parker(probe))

    async def inner(one):
        return await one + 1

    async def middle(one):
        got = await student.from_coroutine(inner(one))
        try:
            await _Panics()
        except KeyError:
            return got + 1
        return -1

    async def outer(one):
        return await middle(one) + 1

    async def raises():
        raise LookupError(str(number))

    async def nothing():
        return None

    async def catches():
        try:
            await student.from_coroutine(raises())
        except LookupError as error:
            return str(error)
        return ""

    async def root():
        one = student.OneShotFuture()
        handle = executor.spawn(outer(one))
        await executor.spawn(nothing())  # the other one had its turn before it
        one.set(number)
        return [await handle, await catches()]

    probe.note("deep", executor.block_on(root()))


def joins_and_selects(student, probe):
    """Three gates are joined, and opened from the last to the first; of two others that are selected, the second is."""
    gates = [_Gate() for _ in range(5)]
    values = [probe.random.randrange(1000, 10_000) for _ in range(5)]
    outside = [gates[number].open for number in (2, 1, 0, 4)]
    executor = student.Executor(parker=_Parker(probe, outside, returns=True))
    left = []

    async def part(number):
        try:
            await gates[number]
            return values[number]
        finally:
            left.append(number)

    async def root():
        joined = await student.join(*parts[:3])
        chosen = await student.select(*parts[3:])
        return [list(joined), list(chosen)]

    parts = [student.from_coroutine(part(number)) for number in range(5)]  # kept: what nobody keeps is dropped anyway

    with executor.expect_wake():
        probe.note("several", executor.block_on(root()))
    probe.note("left", left)
