"""ex13 with a count of pushes: a worker notes the count, looks everywhere, and sleeps only while the count is still the same.

Tasks are closures over their state; queues are plain lists. The last worker who sleeps with a limit is as good as any other: each that
falls asleep while there are timers and nobody watches them does so until the earliest.
"""

import threading
import time
from dataclasses import dataclass, field
from random import Random
from typing import Any

from threadmarks.prelude import PENDING, Cancelled, Future, JoinError, PolledAfterReady, Ready

_local = threading.local()


def current_worker() -> int | None:
    return _local.worker.number if hasattr(_local, "worker") else None


@dataclass
class WorkerStats:
    polls: int = 0
    local_pushes: int = 0
    steals: int = 0
    stolen_from: int = 0
    parks: int = 0


@dataclass
class Stats:
    threads: int
    polls: int
    parks: int
    max_tasks_alive: int
    per_worker: list[WorkerStats]


@dataclass(eq=False)
class _Task:
    future: Any
    runtime: Any
    lock: Any = field(default_factory=threading.Lock)
    over: threading.Event = field(default_factory=threading.Event)
    busy: bool = True  # queued or being polled
    woken: bool = False  # while busy
    end: tuple | None = None
    on_end: list = field(default_factory=list)

    @property
    def waker(self):
        return self

    def clone(self):
        return self

    def will_wake(self, other):
        return self is other

    def wake(self):
        with self.lock:
            if self.busy:
                self.woken = True
                return
            self.busy = True
        self.runtime.push(self)

    def poll(self):
        with self.lock:
            self.woken = False
        try:
            outcome = self.future.poll(self)
        except BaseException as error:
            return self.finish("raised", error)
        if outcome is not PENDING:
            return self.finish("returned", outcome.value)
        with self.lock:
            self.busy = self.woken
            again = self.woken
        if again:
            self.runtime.push(self)

    def finish(self, *end):
        with self.runtime.tasks_lock:
            self.runtime.tasks.remove(self)
        with self.lock:
            self.busy = True  # for good: no wake queues it any more
            self.end = end
            callbacks = list(self.on_end)
        self.over.set()
        for callback in callbacks:
            callback()


class JoinFuture(Future):
    def __init__(self, task):
        self._task = task
        self._asked = False

    def poll(self, cx):
        if self._asked:
            raise PolledAfterReady("asked already")
        task = self._task
        with task.lock:
            if task.end is None:
                task.on_end[:] = [cx.waker.wake]
                return PENDING
        self._asked = True
        match task.end:
            case ("returned", value):
                return Ready(value)
            case ("raised", error):
                raise JoinError(error)
        raise Cancelled("shut down")


class _Worker(threading.Thread):
    def __init__(self, runtime, number, seed):
        super().__init__(name=f"stealing-{number}", daemon=True)
        self.runtime, self.number = runtime, number
        self.row = WorkerStats()
        self.guard = threading.Lock()
        self.tasks = []
        self.dice = Random(f"{seed}/{number}")

    def run(self):
        _local.worker = self
        runtime = self.runtime
        own_turns = 0
        while True:
            seen = runtime.pushes
            if runtime.closed:
                return
            runtime.ring_timers()
            sources = [self.own, runtime.injected, self.stolen]
            if own_turns == 50:
                sources = [runtime.injected, self.own, self.stolen]
            for source in sources:
                task = source()
                if task is not None:
                    own_turns = own_turns + 1 if source == self.own and own_turns < 50 else 0
                    self.row.polls += 1
                    task.poll()
                    break
            else:
                runtime.park(self, seen)

    def own(self):
        with self.guard:
            return self.tasks.pop(0) if self.tasks else None

    def stolen(self):
        others = [worker for worker in self.runtime.workers if worker is not self]
        self.dice.shuffle(others)
        for other in others:
            with other.guard:
                keep = len(other.tasks) // 2
                loot = other.tasks[keep:]
                del other.tasks[keep:]
                other.row.stolen_from += len(loot)
            if loot:
                self.row.steals += len(loot)
                with self.guard:
                    self.tasks += loot[1:]
                if loot[1:]:
                    self.runtime.announce()
                return loot[0]
        return None


class StealingRuntime:
    def __init__(self, workers=4, clock=None, seed=0):
        self.clock_now = clock.now if clock else time.monotonic
        self.pushes = 0
        self.closed = False
        self.news = threading.Condition()
        self.watched = False  # whether some sleeper keeps the time
        self.queue, self.queue_lock = [], threading.Lock()
        self.tasks, self.tasks_lock = [], threading.Lock()
        self.most_tasks = 0
        self.timers, self.timers_lock = [], threading.Lock()
        self.workers = []
        self.workers.extend([_Worker(self, number, seed) for number in range(workers)])
        for worker in self.workers:
            worker.start()

    @property
    def stats(self):
        rows = [worker.row for worker in self.workers]
        polls, parks = sum(row.polls for row in rows), sum(row.parks for row in rows)
        return Stats(len(rows), polls, parks, self.most_tasks, rows)

    def spawn(self, fut):
        return JoinFuture(self.begin(fut))

    def block_on(self, fut):
        task = self.begin(fut)
        task.over.wait()
        match task.end:
            case ("returned", value):
                return value
            case ("raised", error):
                raise error
        raise Cancelled("shut down")

    def shutdown(self):
        with self.news:
            self.closed = True
            self.pushes += 1
            self.news.notify_all()
        for worker in self.workers:
            worker.join()
        for task in self.tasks[:]:
            task.finish("cancelled")
            task.future.close()

    def begin(self, fut):
        task = _Task(fut if isinstance(fut, Future) else _Driven(fut), self)
        with self.tasks_lock:
            self.tasks.append(task)
            self.most_tasks = max(self.most_tasks, len(self.tasks))
        self.push(task)
        return task

    def push(self, task):
        worker = getattr(_local, "worker", None)
        if worker is not None and worker.runtime is self:
            with worker.guard:
                worker.tasks.append(task)
                worker.row.local_pushes += 1
        else:
            with self.queue_lock:
                self.queue.append(task)
        self.announce()

    def announce(self):
        with self.news:
            self.pushes += 1
            self.news.notify()

    def injected(self):
        with self.queue_lock:
            return self.queue.pop(0) if self.queue else None

    def park(self, worker, seen):
        with self.news:
            if self.pushes != seen:
                return
            worker.row.parks += 1
            with self.timers_lock:
                first = min((timer.deadline for timer in self.timers), default=None)
            if first is None or self.watched:
                self.news.wait()
                return
            self.watched = True
            self.news.wait(max(0.0, first - self.clock_now()))
            self.watched = False
            self.news.notify()  # whoever it is: the time is not kept while we work

    def ring_timers(self):
        with self.timers_lock:
            now = self.clock_now() if self.timers else 0
            due = sorted((timer for timer in self.timers if timer.deadline <= now + 1e-6), key=lambda it: it.deadline)
            for timer in due:
                self.timers.remove(timer)
        for timer in due:
            timer.ring()


class _Timer(Future):
    def __init__(self, seconds):
        self.seconds = max(seconds, 0.0)
        self.deadline = None
        self.lock = threading.Lock()
        self.waker = None
        self.due = False

    def poll(self, cx):
        runtime = _local.worker.runtime
        with self.lock:
            self.waker = cx.waker.clone()
            if self.due:
                return Ready(None)
        if self.deadline is None:
            self.deadline = runtime.clock_now() + self.seconds
            with runtime.timers_lock:
                runtime.timers.append(self)
            runtime.announce()
        return PENDING

    def ring(self):
        with self.lock:
            self.due = True
            waker = self.waker
        waker.wake()


def sleep(seconds):
    return _Timer(seconds)


class _Driven(Future):
    """A coroutine, driven from await to await."""

    def __init__(self, coroutine):
        self._steps = self._drive(coroutine)
        self._coroutine = coroutine
        self._cx = None

    def _drive(self, coroutine):
        step, argument = coroutine.send, None
        while True:
            try:
                awaited = step(argument)
            except StopIteration as stop:
                return stop.value
            try:
                while (outcome := awaited.poll(self._cx)) is PENDING:
                    yield
                step, argument = coroutine.send, outcome
            except GeneratorExit:
                raise
            except BaseException as error:
                step, argument = coroutine.throw, error

    def poll(self, cx):
        self._cx = cx
        try:
            next(self._steps)
        except StopIteration as stop:
            return Ready(stop.value)
        return PENDING

    def close(self):
        self._steps.close()
        self._coroutine.close()
