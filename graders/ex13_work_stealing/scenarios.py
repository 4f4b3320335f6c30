"""What is done with a submission to ex13. Runs beside the student's code and holds no expectation.

Main waits for tasks with a time-out of its own (virtual, so it costs nothing): a runtime that loses a task does not hang the
scenario. Tasks hold their worker where that is wanted, by waiting as a thread does.
"""

import contextlib
import threading
import time

from threadmarks.prelude import PENDING, Cancelled, Future, JoinError, Ready

_PATIENCE_S = 5


class _Turns(Future):
    """Wakes itself and is pending, so many times; tells whether two threads ever polled it at once."""

    def __init__(self, times, log=None):
        self._left = times
        self._log = log
        self._inside = False

    def poll(self, cx):
        if self._inside and self._log is not None:
            self._log.append("polled twice at once")
        self._inside = True
        try:
            if self._left == 0:
                return Ready(None)
            self._left -= 1
            cx.waker.wake()
            return PENDING
        finally:
            self._inside = False


class _Gate(Future):
    """Pending until it is opened. `inside(n)` is called during the n-th poll; overlapping polls are counted."""

    def __init__(self, inside=None):
        self._inside = inside if inside is not None else lambda _polls: None
        self._open = False
        self._under_way = 0
        self.waker = None
        self.polls = 0
        self.overlaps = 0
        self.late_polls = 0
        self.told = False

    def poll(self, cx):
        if self.told:
            self.late_polls += 1
        self.polls += 1
        self._under_way += 1
        if self._under_way > 1:
            self.overlaps += 1
        try:
            was_open = self._open
            self.waker = cx.waker.clone()
            self._inside(self.polls)
            if not was_open:
                return PENDING
            self.told = True
            return Ready("open")
        finally:
            self._under_way -= 1

    def open(self):
        self._open = True
        self.waker.wake()


def _count(done, wanted):
    """How often the semaphore `done` was released, up to `wanted`; gives up when nothing comes any more."""
    for counted in range(wanted):
        if not done.acquire(timeout=_PATIENCE_S):
            return counted
    return wanted


def _start_threads(*calls):
    threads = [threading.Thread(target=call, daemon=True) for call in calls]
    for thread in threads:
        thread.start()
    return threads


def _rows(runtime):
    """The counters of each worker, as plain values."""
    names = ("polls", "local_pushes", "steals", "stolen_from", "parks")
    return [{name: getattr(row, name) for name in names} for row in runtime.stats.per_worker]


def _hold_worker(seconds):
    """Sleep as a thread does, in the middle of a poll."""
    time.sleep(seconds)


def _meet(barrier):
    """Wait for the others as a thread does, but not for ever; whether they came."""
    with contextlib.suppress(threading.BrokenBarrierError):
        barrier.wait(_PATIENCE_S)
        return True
    return False


def _one_on_each(student, runtime, workers):
    """A task that waits at a gate on each worker. Gives an event per worker, and how many tasks came that far.

    Each task first calls what is in `work` under its worker's number, if anything is.
    """
    gates = [threading.Event() for _ in range(workers)]
    all_there, ready = threading.Barrier(workers), threading.Semaphore(0)
    work = {}
    go = threading.Event()

    async def hold():
        if not _meet(all_there):
            return
        ready.release()
        go.wait()
        number = student.current_worker()
        work.get(number, lambda: None)()
        gates[number].wait()

    for _ in range(workers):
        runtime.spawn(hold())
    return gates, work, go, _count(ready, workers)


# ---- exactly_once


def many_tasks(student, probe):
    """Five hundred tasks in two runtimes: tasks that spawn tasks, wake themselves, hold their worker a moment, and await each other."""
    seeds = [probe.random.randrange(1 << 30) for _ in range(2)]
    factor = probe.random.randrange(3, 1000)
    for seed in seeds:
        runtime = student.StealingRuntime(4, seed=seed)
        ended, totals = [0] * 240, []
        done = threading.Semaphore(0)

        async def child(number, ended=ended):
            await _Turns(number % 3)
            if number % 10 == 0:
                _hold_worker(0.001)
            ended[number] += 1
            return number * factor

        async def parent(first, runtime=runtime, totals=totals, done=done, child=child):
            handles = [runtime.spawn(child(number)) for number in range(first, first + 24)]
            total = 0
            for handle in handles:
                total += await handle
            totals.append(total)
            done.release()

        for first in range(0, 240, 24):
            runtime.spawn(parent(first))
        _count(done, 10)
        probe.note("tasks", {"once": ended.count(1), "total": sum(totals), "parents": len(totals)})


def few_tasks(student, probe):
    """Two workers; one has spawned three tasks, which wake themselves once, when both look for work. Do both still work afterwards?"""
    runtime = student.StealingRuntime(2)
    ended, overlaps = [0] * 3, []
    filled, both, done = threading.Barrier(2), threading.Barrier(2), threading.Semaphore(0)

    async def child(number):
        await _Turns(1, overlaps)
        ended[number] += 1
        done.release()

    async def parent():
        for number in range(3):
            runtime.spawn(child(number))
        _meet(filled)

    async def other():
        _meet(filled)

    runtime.spawn(other())
    runtime.spawn(parent())
    _count(done, 3)
    probe.note("ended", ended)
    probe.note("overlaps", len(overlaps))

    async def meets():
        if _meet(both):
            done.release()

    for _ in range(2):
        runtime.spawn(meets())
    probe.note("met", _count(done, 2))


def woken_while_polled(student, probe):
    """Another thread wakes a task again and again while it is being polled, and each time there is a worker who has nothing to do."""
    rounds = probe.random.randrange(3, 7)
    runtime = student.StealingRuntime(2)
    inside, woken, done = threading.Semaphore(0), threading.Semaphore(0), threading.Semaphore(0)

    def during(polls):
        if polls <= rounds:
            inside.release()
            woken.acquire(timeout=_PATIENCE_S)
            time.sleep(0.01)

    gate = _Gate(during)

    def wake():
        for number in range(rounds):
            inside.acquire(timeout=_PATIENCE_S)
            if number == rounds - 1:
                gate.open()
            else:
                gate.waker.wake()
            woken.release()

    async def task():
        await gate
        done.release()

    runtime.spawn(task())
    _start_threads(wake)
    ended = _count(done, 1)
    time.sleep(1)
    probe.note("gate", {"ended": ended, "polls": gate.polls, "overlaps": gate.overlaps, "late": gate.late_polls})


def woken_at_any_moment(student, probe):
    """The wake may come before the poll has returned, just then, or later."""
    runtime = student.StealingRuntime(1)
    polled, done = threading.Event(), threading.Semaphore(0)
    gate = _Gate(lambda _polls: polled.set())

    def wake():
        polled.wait()
        gate.open()

    async def task():
        await gate
        done.release()

    _start_threads(wake)
    runtime.spawn(task())
    probe.note("gate", {"ended": _count(done, 1), "overlaps": gate.overlaps, "late": gate.late_polls})


def woken_by_two_at_once(student, probe):
    """Two threads wake the same task at the same time; each poll gives way, so that a second one would be seen."""
    runtime = student.StealingRuntime(2)
    together, pending = threading.Barrier(2), threading.Semaphore(0)
    done = threading.Semaphore(0)

    def during(polls):
        if polls == 1:
            pending.release(2)
        else:
            time.sleep(0.001)

    gate = _Gate(during)

    def wake():
        pending.acquire()
        time.sleep(0.001)
        together.wait()
        gate.open()

    async def task():
        await gate
        done.release()

    runtime.spawn(task())
    _start_threads(wake, wake)
    ended = _count(done, 1)
    time.sleep(0.01)
    probe.note("gate", {"ended": ended, "overlaps": gate.overlaps, "late": gate.late_polls})


# ---- local_first


def local_tasks(student, probe):
    """Two of three workers are held. On the third a task spawns five while five come from outside; a foreign wake comes too."""
    labels = probe.random.sample(range(1000), 5)
    runtime = student.StealingRuntime(3)
    gates, work, go, ready = _one_on_each(student, runtime, 3)
    order, done = [], threading.Semaphore(0)
    outside_done = threading.Event()

    async def inner(label):
        order.append(["local", label, student.current_worker()])
        done.release()

    async def outer(label):
        order.append(["outside", label, student.current_worker()])
        done.release()

    def spawn_local():
        before.append(_rows(runtime)[2]["local_pushes"])
        outside_done.wait()
        for label in labels:
            runtime.spawn(inner(label))
        after.append(_rows(runtime)[2]["local_pushes"])

    before, after = [], []
    work[2] = spawn_local
    go.set()
    time.sleep(0.1)
    for label in labels:
        runtime.spawn(outer(label))
    outside_done.set()
    time.sleep(0.1)
    gates[2].set()
    ran = _count(done, 10)
    probe.note("local", {"ready": ready, "ran": ran, "order": order, "pushes": [*before, *after]})


def local_wakes(student, probe):
    """A task on the third worker, whose fellows are held, wakes three that wait; they go on there."""
    runtime = student.StealingRuntime(3)
    gates_of_tasks = [_Gate() for _ in range(3)]
    order, done = [], threading.Semaphore(0)

    async def sleeper(number):
        await gates_of_tasks[number]
        order.append([number, student.current_worker()])
        done.release()

    for number in range(3):
        runtime.spawn(sleeper(number))
        time.sleep(0.1)
    gates, work, go, ready = _one_on_each(student, runtime, 3)

    def wake_all():
        for gate in reversed(gates_of_tasks):
            gate.open()

    work[2] = wake_all
    go.set()
    time.sleep(0.1)
    gates[2].set()
    probe.note("woken", {"ready": ready, "ran": _count(done, 3), "order": order})


def between_runtimes(student, probe):
    """A task on a worker of one runtime spawns a task in another runtime, and wakes one that waits there. Each tells on which thread it is."""
    here, there = student.StealingRuntime(1), student.StealingRuntime(1)
    gate = _Gate()
    threads, done = {}, threading.Semaphore(0)

    async def waits():
        threads["home"] = probe.thread()
        await gate
        threads["woken"] = probe.thread()
        done.release()

    async def spawned():
        threads["spawned"] = probe.thread()
        done.release()

    async def foreign():
        threads["foreign"] = probe.thread()
        there.spawn(spawned())
        gate.open()

    there.spawn(waits())
    time.sleep(0.1)
    here.spawn(foreign())
    probe.note("between", {"ran": _count(done, 2), "threads": threads})


# ---- steals and half


def each_is_robbed(student, probe):
    """Each of four workers in turn spawns tasks and is held; all others are free."""
    for victim in range(4):
        runtime = student.StealingRuntime(4, seed=victim)
        gates, work, go, ready = _one_on_each(student, runtime, 4)
        ran_on, done = [], threading.Semaphore(0)

        async def task(number, ran_on=ran_on, done=done):
            ran_on.append(student.current_worker())
            if number % 7 == 0:
                _hold_worker(0.001)
            done.release()

        def spawn_all(runtime=runtime, task=task):
            for number in range(100):
                runtime.spawn(task(number))

        before = _rows(runtime)
        work[victim] = spawn_all
        for number, gate in enumerate(gates):
            if number != victim:
                gate.set()
        go.set()
        ran = _count(done, 100)
        time.sleep(0.1)
        facts = {"victim": victim, "ready": ready, "ran": ran, "ran_on": [ran_on.count(number) for number in range(4)]}
        probe.note("robbed", {**facts, "before": before, "after": _rows(runtime)})


def few_to_steal(student, probe):
    """Three workers: one has spawned four tasks and is held; the two others, which have met it, take them."""
    runtime = student.StealingRuntime(3)
    filled, gate, done = threading.Barrier(3), threading.Event(), threading.Semaphore(0)
    held_on, ran_on = [], []

    async def task():
        ran_on.append(student.current_worker())
        done.release()

    async def other():
        _meet(filled)

    async def hold():
        held_on.append(student.current_worker())
        for _ in range(4):
            runtime.spawn(task())
        _meet(filled)
        gate.wait()

    for each in (other, other, hold):
        runtime.spawn(each())
    ran = _count(done, 4)
    probe.note("robbed", {"ran": ran, "held_on": held_on, "ran_on": ran_on, "rows": _rows(runtime)})


def one_thief(student, probe):
    """Two workers: one holds tasks and is held; each task tells what was stolen when it is polled."""
    many = probe.random.randrange(20, 60)
    runtime = student.StealingRuntime(2)
    gate, done = threading.Event(), threading.Semaphore(0)
    filled = threading.Event()
    polled = []
    victim = []

    async def task(number):
        if victim and student.current_worker() != victim[0]:
            polled.append([number, _rows(runtime)[victim[0]]["stolen_from"]])
        done.release()

    async def other():
        filled.wait()

    async def hold():
        victim.append(student.current_worker())
        _hold_worker(0.1)
        for number in range(many):
            runtime.spawn(task(number))
        filled.set()
        gate.wait()

    runtime.spawn(hold())
    time.sleep(0.05)
    runtime.spawn(other())
    probe.note("thief", {"ran": _count(done, many), "polled": polled})


# ---- injector_fair


def busy_with_its_own(student, probe):
    """One worker, and a task that wakes itself without end; then tasks come from outside."""
    runtime = student.StealingRuntime(1)
    running, done = threading.Event(), threading.Semaphore(0)
    spawned = threading.Event()
    polls = [0]
    at = []

    class _Endless(Future):
        def poll(self, cx):
            polls[0] += 1
            if polls[0] == 100:
                running.set()
                spawned.wait()
            if polls[0] >= 400:
                return Ready(None)
            cx.waker.wake()
            return PENDING

    async def endless():
        await _Endless()

    async def guest():
        at.append(polls[0] - 100)
        done.release()

    runtime.spawn(endless())
    running.wait(_PATIENCE_S)
    for _ in range(3):
        runtime.spawn(guest())
    spawned.set()
    probe.note("guests", {"ran": _count(done, 3), "at": at})


# ---- unpark


def one_after_another(student, probe):
    """One worker; each of three tasks comes when the one before has ended and the worker may be about to fall asleep."""
    runtime = student.StealingRuntime(1)
    done = threading.Semaphore(0)

    async def task():
        done.release()

    ran = 0
    for _ in range(3):
        runtime.spawn(task())
        ran += _count(done, 1)
    probe.note("ran", ran)


def pushed_to_its_own(student, probe):
    """A worker spawns a task and waits for it as a thread does: another worker must come and steal it."""
    runtime = student.StealingRuntime(2)
    both, done = threading.Barrier(2), threading.Semaphore(0)

    async def task():
        if _meet(both):
            done.release()

    async def parent():
        runtime.spawn(task())
        if _meet(both):
            done.release()

    runtime.spawn(parent())
    probe.note("ran", _count(done, 2))


class _Poll(Future):
    """Has one poll, in which a function is called; it is never woken."""

    def __init__(self, during):
        self._during = during

    def poll(self, _cx):
        self._during()
        return PENDING


def loot_for_two(student, probe):
    """Two workers are held, one of which has spawned a quick task and two that wait for each other, as threads do. Then both are let go.

    One has to look for work and to fall asleep while the other has loot in its hands. Whatever has nothing to do with it would
    only make that rarer: so no task ends here, those that have met hold their workers for good, and the worker that has the tasks is
    a few steps slower than the thief.
    """
    runtime = student.StealingRuntime(2)
    together, both, done = threading.Barrier(2), threading.Barrier(2), threading.Semaphore(0)

    def meets():
        if _meet(both):
            done.release()
        threading.Event().wait()

    def spawns():
        for during in (int, meets, meets):
            runtime.spawn(_Poll(during))
        _meet(together)
        for _ in range(6):
            student.current_worker()

    runtime.spawn(_Poll(lambda: _meet(together)))
    runtime.spawn(_Poll(spawns))
    probe.note("ran", _count(done, 2))


# ---- idle


def nothing_to_do(student, probe):
    """Four workers, five seconds with a task that waits for a wake; then twenty wakes, one at a time; then a long sleep."""
    probe.mark("imported")
    runtime = student.StealingRuntime(4)
    probe.mark("constructed")
    polled = threading.Semaphore(0)
    gate = _Gate(lambda _polls: polled.release())
    done = threading.Semaphore(0)

    async def task():
        await gate
        done.release()
        before = probe.now()
        await student.sleep(5)
        probe.note("slept", probe.now() - before)
        done.release()

    runtime.spawn(task())
    first = _count(polled, 1)
    probe.note("first", first)
    if not first:
        return
    time.sleep(1)
    probe.mark("idle_begin")
    time.sleep(5)
    probe.mark("idle_end")
    served = 0
    for _ in range(20):
        gate.waker.wake()
        served += _count(polled, 1)
        time.sleep(0.1)
    probe.note("served", served)
    probe.mark("woken_end")
    gate.open()
    _count(done, 1)
    time.sleep(1)
    probe.mark("sleep_begin")
    time.sleep(3)
    probe.mark("sleep_end")
    probe.note("woke", _count(done, 1))


# ---- deadlock_free


def both_look_for_work(student, probe):
    """Two workers run out of work at the same time: two tasks meet, spawn one task each, and end."""
    runtime = student.StealingRuntime(2)
    both, done = threading.Barrier(2), threading.Semaphore(0)

    async def task():
        done.release()

    async def parent():
        _meet(both)
        runtime.spawn(task())

    runtime.spawn(parent())
    runtime.spawn(parent())
    ran = _count(done, 2)
    runtime.spawn(task())
    probe.note("ran", ran + _count(done, 1))


# ---- shutdown


def shut_down_with_tasks(student, probe):
    """Shutdown while tasks wait for a wake, sleep, and are queued behind a worker that is held and in the injector."""
    runtime = student.StealingRuntime(2)
    cleaned, begun, handles = [], threading.Semaphore(0), {}

    async def waits(name, what):
        try:
            begun.release()
            await what()
        finally:
            cleaned.append(name)

    def never():
        return _Gate()

    handles["pending"] = runtime.spawn(waits("pending", never))
    handles["asleep"] = runtime.spawn(waits("asleep", lambda: student.sleep(1000)))
    _count(begun, 2)
    time.sleep(1)
    gates, work, go, _ = _one_on_each(student, runtime, 2)

    def spawn_local():
        for number in range(3):
            handles[f"local {number}"] = runtime.spawn(waits("never begun", never))

    work[0] = spawn_local
    go.set()
    time.sleep(1)
    for number in range(3):
        handles[f"injected {number}"] = runtime.spawn(waits("never begun", never))
    (stopper,) = _start_threads(lambda: probe.note("shutdown", probe.attempt(runtime.shutdown)))
    time.sleep(1)
    for gate in gates:
        gate.set()
    stopper.join(_PATIENCE_S)
    probe.mark("over")
    time.sleep(1)
    probe.note("cleaned", sorted(cleaned))
    probe.note("ends", {name: probe.attempt(_ask, handle)[1] for name, handle in handles.items()})


class _Unheard:
    """A context whose waker does nothing."""

    def __init__(self):
        self.waker = self

    def wake(self):
        pass

    def clone(self):
        return self

    def will_wake(self, other):
        return other is self


def _ask(handle):
    """What a handle says now."""
    try:
        return "pending" if handle.poll(_Unheard()) is PENDING else "a value"
    except Cancelled:
        return "Cancelled"
    except JoinError:
        return "JoinError"


def shut_down_right_away(student, probe):
    """Shutdown while the worker may be about to fall asleep; and once more."""
    runtime = student.StealingRuntime(1)
    runtime.shutdown()
    probe.note("closed")
    runtime.shutdown()
    probe.note("closed")


# ---- small print


def small_print(student, probe):
    """Values, panics, a clock of its own, the number of the worker, and the totals."""
    value, shift = probe.random.randrange(1000), probe.random.randrange(100, 1000)

    class _Clock:
        def now(self):
            return time.monotonic() + shift

        def park(self, _timeout):
            raise RuntimeError("workers do not sleep through the clock")

    class _Boom(BaseException):
        pass

    boom = _Boom("boom")
    runtime = student.StealingRuntime(2, clock=_Clock())

    async def panics():
        raise boom

    async def answer():
        begin = probe.now()
        await student.sleep(0.5)
        return [value, round(probe.now() - begin, 3), student.current_worker()]

    async def main():
        handle = runtime.spawn(panics())
        try:
            await handle
        except JoinError as error:
            found = error.payload is boom
        return [found, await runtime.spawn(answer())]

    probe.note("outside", student.current_worker())
    probe.note("value", runtime.block_on(main()))
    try:
        runtime.block_on(panics())
    except _Boom as error:
        probe.note("very_exception", error is boom)
    stats = runtime.stats
    probe.note("stats", {"threads": stats.threads, "polls": stats.polls, "parks": stats.parks, "rows": _rows(runtime)})
    probe.note("alive", stats.max_tasks_alive)
