"""Scenarios of ex09: tasks that wait for each other, on an executor of ex07. They hold no expectations."""

import contextlib
import time

from ex07 import Executor, YieldNow, sleep

from threadmarks.prelude import Cancelled, RecvError, SendError

BEATS = 5


async def _turns(count):
    """Let everybody else have so many turns."""
    for _ in range(count):
        await YieldNow()


def _run(executor, coroutine):
    """Run a scenario's main task; somebody may always come, so that who waits in vain is seen as that."""
    with executor.expect_wake():
        return executor.block_on(coroutine)


def lost_update(student, probe):
    """Ten tasks add to one mutex's value, with a turn of the others between reading and writing."""
    executor = Executor()
    rounds = probe.random.randrange(3, 7)
    mutex, other = student.Mutex(100), student.Mutex(-1)
    inside = [0, 0]

    async def adder(number):
        for _ in range(rounds):
            async with mutex.lock() as guard:
                inside[0] += 1
                inside[1] = max(inside)
                read = guard.value
                await _turns(1 + number % 2)
                guard.value = read + 1
                inside[0] -= 1

    async def main():
        for handle in [executor.spawn(adder(number)) for number in range(10)]:
            await handle
        guard = await mutex.lock()
        total = guard.value
        theirs = await other.lock()  # another mutex, while the first is held
        values = [total, theirs.value]
        theirs.release()
        guard.release()
        guard.release()  # a second time: nothing
        again = await mutex.lock()
        values.append(again.value)
        return values

    probe.note("values", _run(executor, main()))
    probe.note("most_inside", inside[1])


def _waiters(student):
    """For each kind: a coroutine that waits, and what lets it go on. Nothing is free."""
    mutex, semaphore, notify = student.Mutex(None), student.Semaphore(1), student.Notify()
    barrier, lock = student.Barrier(2), student.RwLock()
    sender, receiver = student.amps(1)

    async def acquires(acquire):
        held = await acquire
        held.release()

    async def take_all():
        held = [await mutex.lock(), await semaphore.acquire(), await lock.write()]

        async def let_go():
            for each in held:
                each.release()
            notify.notify_one()
            await barrier.wait()
            await sender.send("value")

        return let_go

    async def awaits(awaited):
        await awaited

    kinds = {
        "Mutex": lambda: acquires(mutex.lock()),
        "Semaphore": lambda: acquires(semaphore.acquire()),
        "Notify": lambda: awaits(notify.notified()),
        "Barrier": lambda: awaits(barrier.wait()),
        "RwLock": lambda: acquires(lock.read()),
        "amps": receiver.recv,
    }
    return take_all, kinds


def all_wait(student, probe):
    """One task waits for each kind of thing, while another beats once a second; then all are let go."""
    executor = Executor()
    take_all, kinds = _waiters(student)
    done = []

    async def waiter(name, make):
        await make()
        done.append(name)

    async def heart():
        for number in range(BEATS):
            probe.note("beat", number)
            await sleep(1.0)

    async def main():
        let_go = await take_all()
        handles = []
        for name, make in kinds.items():
            probe.note("waits", name)
            handles.append(executor.spawn(waiter(name, make)))
            await _turns(3)
        before = executor.polls
        await executor.spawn(heart())
        probe.note("polls", executor.polls - before)
        probe.note("too_early", list(done))
        await let_go()
        for handle in handles:
            await handle

    probe.note("begin")
    _run(executor, main())
    probe.note("done", sorted(done))


def in_a_row(student, probe):
    """Five tasks queue for a mutex, then one for a semaphore; who comes later tries to be quicker."""
    executor = Executor()
    mutex, semaphore = student.Mutex(None), student.Semaphore(1)
    order = []

    async def taker(number):
        async with mutex.lock():
            order.append(number)
            await _turns(1)

    async def waits():
        held = await semaphore.acquire()
        held.release()

    async def main():
        guard = await mutex.lock()
        handles = []
        for number in range(5):
            handles.append(executor.spawn(taker(number)))
            await _turns(1)
        guard.release()
        again = await mutex.lock()  # at once, by the one who had it
        order.append("again")
        again.release()
        for handle in handles:
            await handle
        probe.note("order", order)
        permit = await semaphore.acquire()
        handle = executor.spawn(waits())
        await _turns(3)
        permit.release()
        quick = semaphore.try_acquire()  # who waits has not had its turn yet
        probe.note("quick", quick is not None)
        if quick is not None:
            quick.release()
        await handle

    _run(executor, main())


def through_a_channel(student, probe):
    """Six values go through a channel with room for two, whose sender then closes; others are closed while somebody waits, or before."""
    executor = Executor()
    values = [probe.random.randrange(1000) for _ in range(6)]
    sent, got = [], []

    async def send_all(sender):
        for value in values:
            await sender.send(value)
            sent.append(value)
        sender.close()

    async def main():
        sender, receiver = student.amps(2)
        handle = executor.spawn(send_all(sender))
        await _turns(12)
        probe.note("sent_unasked", len(sent))
        with contextlib.suppress(RecvError):
            while True:
                got.append(await receiver.recv())
        await handle
        probe.note("got", got)
        sender, receiver = student.amps(1)
        receiver.close()
        try:
            await sender.send("late")
        except SendError as error:
            probe.note("late", error.value)
        sender, receiver = student.amps(1)
        handle = executor.spawn(told(receiver.recv()))
        await _turns(3)
        sender.close()
        probe.note("end_of_recv", await handle)
        sender, receiver = student.amps(1)
        await sender.send("first")
        handle = executor.spawn(told(sender.send("second")))
        await _turns(3)
        receiver.close()
        probe.note("end_of_send", await handle)

    async def told(call):
        try:
            return ["value", await call]
        except (RecvError, SendError) as error:
            return [type(error).__name__, *([error.value] if isinstance(error, SendError) else [])]

    _run(executor, main())


def permits(student, probe):
    """Three times as many tasks as permits; then ten that wait for one; then one that is released twice."""
    executor = Executor()
    count = probe.random.randrange(2, 5)
    semaphore = student.Semaphore(count)
    inside, most, done = [], [0], []

    async def worker(number):
        async with semaphore.acquire():
            inside.append(number)
            most[0] = max(most[0], len(inside))
            await sleep(1.0)
            inside.remove(number)
            done.append(number)

    async def main():
        begin = probe.now()
        for handle in [executor.spawn(worker(number)) for number in range(3 * count)]:
            await handle
        probe.note("workers", {"most": most[0], "done": len(done), "seconds": round(probe.now() - begin, 3)})
        await _one_for_ten()

    async def _one_for_ten():
        one = student.Semaphore(1)
        permit = await one.acquire()
        got = []

        async def waiter(number):
            try:
                got.append((await one.acquire()) and number)
            except Cancelled:
                got.append("Cancelled")

        handles = [executor.spawn(waiter(number)) for number in range(10)]
        await _turns(3)
        before = executor.polls
        permit.release()
        await _turns(3)
        probe.note("woken", {"polls": executor.polls - before, "got": list(got)})
        one.close()
        for handle in handles:
            await handle
        try:
            await one.acquire()
        except Cancelled:
            got.append("Cancelled late")
        probe.note("closed", [got.count("Cancelled"), got.count("Cancelled late")])
        two = student.Semaphore(2)
        permits = [await two.acquire(), await two.acquire()]
        permits[0].release()
        permits[0].release()
        probe.note("released_twice", sum(two.try_acquire() is not None for _ in range(3)))

    _run(executor, main())


def notifications(student, probe):
    """Notifications before and while tasks wait for them."""
    executor = Executor()
    notify = student.Notify()
    woken = []

    async def waiter(name):
        await notify.notified()
        woken.append(name)

    async def told(step, *names):
        handles = [executor.spawn(waiter(name)) for name in names]
        await _turns(3)
        probe.note(step, list(woken))
        woken.clear()
        return handles

    async def main():
        notify.notify_one()
        notify.notify_one()
        handles = await told("stored", "A", "B")
        notify.notify_one()
        handles += await told("then_one", "C", "D", "E")
        notify.notify_one()
        await told("in_order")
        notify.notify_waiters()
        handles += await told("all", "F")
        notify.notify_waiters()
        await told("last")
        notify.notify_waiters()
        handles += await told("nothing_stored", "G")
        notify.notify_one()
        for handle in handles:
            await handle

    _run(executor, main())


def rounds(student, probe):
    """Three tasks, one quick, one slow, one in between, meet a hundred times."""
    executor = Executor()
    barrier = student.Barrier(3)
    reached = [0, 0, 0]
    leaders = [0] * 100
    overtaken = []

    async def walker(number):
        for each in range(100):
            reached[number] = each + 1
            leads = await barrier.wait()
            if leads:
                leaders[each] += 1
            if min(reached) <= each:
                overtaken.append(each)
            await _turns(2 * number)

    async def main():
        for handle in [executor.spawn(walker(number)) for number in range(3)]:
            await handle

    executor.block_on(main())
    probe.note("reached", reached)
    probe.note("overtaken", len(overtaken))
    probe.note("leaders", [sum(count == 1 for count in leaders), max(leaders)])


def readers_and_writers(student, probe):
    """Readers beside each other, writers alone; then a stream of readers with a writer in it."""
    executor = Executor()
    lock = student.RwLock()
    inside = {"r": 0, "w": 0}
    most = {"r": 0, "w": 0, "both": 0}
    order = []

    async def user(kind, name, turns):
        async with lock.read() if kind == "r" else lock.write():
            inside[kind] += 1
            order.append(name)
            for each, count in inside.items():
                most[each] = max(most[each], count)
            most["both"] = max(most["both"], min(inside.values()))
            await _turns(turns)
            inside[kind] -= 1

    async def main():
        kinds = "rrrwrwwrrr"
        for handle in [executor.spawn(user(kind, kind, 2 + place % 3)) for place, kind in enumerate(kinds)]:
            await handle
        probe.note("most", most)
        order.clear()
        handles = []
        for number in range(20):  # each comes before the one before has left
            handles.append(executor.spawn(user("w" if number == 3 else "r", number, 6)))
            await _turns(2)
        for handle in handles:
            await handle
        probe.note("order", order)

    _run(executor, main())


def dropped_waiters(student, probe):
    """Waiters that are aborted while they wait, when it is their turn, and holders that panic or are aborted."""
    for kind, step in (("waiting", _waiting), ("granted", _granted), ("panicked", _panicked), ("held", _held)):
        executor = Executor()
        got = []
        mutex = student.Mutex(None)

        async def taker(name, mutex=mutex, got=got):
            async with mutex.lock():
                got.append(name)

        _ended_or_not(probe, kind, got, lambda step=step, e=executor, m=mutex, t=taker: _run(e, step(e, m, t)))


def _ended_or_not(probe, kind, got, run):
    probe.note("begins", kind)
    run()
    probe.note(kind, list(got))


async def _waiting(executor, mutex, taker):
    guard = await mutex.lock()
    first, second = executor.spawn(taker("first")), executor.spawn(taker("second"))
    await _turns(3)
    first.abort()
    guard.release()
    await second


async def _granted(executor, mutex, taker):
    guard = await mutex.lock()
    first, second = executor.spawn(taker("first")), executor.spawn(taker("second"))
    await _turns(3)
    guard.release()
    first.abort()  # it is its turn, and it has not been polled since
    await second


async def _panicked(executor, mutex, taker):
    async def panics():
        async with mutex.lock():
            await YieldNow()
            raise ValueError

    executor.spawn(panics())
    await _turns(1)
    await executor.spawn(taker("second"))


async def _held(executor, mutex, taker):
    async def holds():
        async with mutex.lock():
            await sleep(1000.0)

    holder = executor.spawn(holds())
    await _turns(2)
    second = executor.spawn(taker("second"))
    await _turns(2)
    holder.abort()
    await second


def dropped_writer(student, probe):
    """A writer that waits between two readers is aborted; a permit and a notification are dropped on their way."""
    executor = Executor()
    lock, semaphore = student.RwLock(), student.Semaphore(1)
    got = []

    async def reader():
        async with lock.read():
            got.append("reader")

    async def writer():
        async with lock.write():
            got.append("writer")

    async def taker(name):
        permit = await semaphore.acquire()
        got.append(name)
        permit.release()

    async def main():
        held = await lock.read()
        waiting, second = executor.spawn(writer()), executor.spawn(reader())
        await _turns(3)
        waiting.abort()
        await _turns(3)
        probe.note("behind_the_writer", list(got))
        held.release()
        await second
        got.clear()
        permit = await semaphore.acquire()
        first, second = executor.spawn(taker("first")), executor.spawn(taker("second"))
        await _turns(3)
        permit.release()
        first.abort()
        await second
        await _turns(2)
        probe.note("permit", [*got, semaphore.try_acquire() is not None])
        got.clear()
        notify = student.Notify()
        first, second = executor.spawn(listener(notify, "first")), executor.spawn(listener(notify, "second"))
        await _turns(3)
        notify.notify_one()
        first.abort()
        await _turns(3)
        probe.note("notified", list(got))

    async def listener(notify, name):
        await notify.notified()
        got.append(name)

    _run(executor, main())


def limited(student, probe):
    """Eight tasks at once, then a pause, then as many as a burst and one more."""
    begin = probe.now()

    class _Clock:
        def now(self):
            return 50.0 + probe.now() - begin

        def park(self, timeout):
            time.sleep(timeout or 0.0)

    rate, burst = probe.random.choice([2.0, 4.0, 5.0]), probe.random.randrange(2, 5)
    clock = _Clock()
    executor = Executor(clock)
    limiter = student.RateLimiter(rate, burst, clock)

    async def passer(times):
        await limiter.acquire()
        times.append(round(clock.now() - 50.0, 4))

    async def all_of(count):
        times = []
        for handle in [executor.spawn(passer(times)) for _ in range(count)]:
            await handle
        return times

    async def main():
        probe.note("first", await all_of(8))
        await sleep(100.0)
        start = clock.now() - 50.0
        probe.note("second", [round(at - start, 4) for at in await all_of(burst + 1)])

    _run(executor, main())
