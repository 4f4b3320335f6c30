"""ex12 as Tokio does it: block_on polls its own coroutine on the calling thread, and workers poll all others.

The workers share a `queue.SimpleQueue`. What is not a task in it is a call to look at the timers again.
"""

import heapq
import queue
import threading
import time
from dataclasses import dataclass

from threadmarks.prelude import PENDING, Cancelled, Future, JoinError, Ready

IDLE, READY, POLLED, POLLED_AND_WOKEN, ENDED = range(5)
_LOOK, _STOP = "look", "stop"
_current = threading.local()


class Stats:
    def __init__(self, threads):
        self.threads = threads
        self.polls = 0
        self.parks = 0
        self.max_tasks_alive = 0
        self.alive = 0
        self.lock = threading.Lock()

    def count(self, polls=0, parks=0, alive=0):
        with self.lock:
            self.polls += polls
            self.parks += parks
            self.alive += alive
            self.max_tasks_alive = max(self.max_tasks_alive, self.alive)


def _drive(coro):
    """A generator: each `send(cx)` is one poll, and gives PENDING; what the coroutine returns is what it returns."""
    cx = yield
    awaited = step = None
    how = coro.send
    while True:
        try:
            awaited = how(step)
        except StopIteration as stop:
            return stop.value
        while True:
            try:
                step = awaited.poll(cx)
            except BaseException as error:
                how, step = coro.throw, error
                break
            if step is not PENDING:
                how = coro.send
                break
            cx = yield PENDING


class Context:
    def __init__(self, waker):
        self.waker = waker


class TaskWaker:
    def __init__(self, task):
        self.task = task

    def wake(self):
        task = self.task
        with task.lock:
            if task.state == POLLED:
                task.state = POLLED_AND_WOKEN
            elif task.state == IDLE:
                task.state = READY
                task.schedule(task)

    def clone(self):
        return TaskWaker(self.task)

    def will_wake(self, other):
        return isinstance(other, TaskWaker) and other.task is self.task


class Task:
    def __init__(self, coro, schedule, stats):
        self.coro = coro
        self.schedule = schedule
        self.stats = stats
        self.steps = _drive(coro)
        next(self.steps)
        self.lock = threading.Lock()
        self.state = READY
        self.result = None
        self.watcher = None

    def poll(self):
        with self.lock:
            self.state = POLLED
        self.stats.count(polls=1)
        try:
            self.steps.send(Context(TaskWaker(self)))
        except StopIteration as stop:
            self.end(("value", stop.value))
            return
        except BaseException as error:
            self.end(("panic", error))
            return
        with self.lock:
            if self.state == POLLED_AND_WOKEN:
                self.state = READY
                self.schedule(self)
            else:
                self.state = IDLE

    def end(self, result):
        self.stats.count(alive=-1)
        with self.lock:
            self.result = result
            self.state = ENDED
            watcher = self.watcher
        if watcher:
            watcher.wake()

    def drop(self):
        if self.state != ENDED:
            self.coro.close()
            self.end(("cancelled", None))


class JoinFuture(Future):
    def __init__(self, task):
        self.task = task

    def poll(self, cx):
        with self.task.lock:
            if self.task.result is None:
                self.task.watcher = cx.waker
                return PENDING
        what, value = self.task.result
        if what == "panic":
            raise JoinError(value)
        if what == "cancelled":
            raise Cancelled
        return Ready(value)


class MultiRuntime:
    def __init__(self, workers=4, clock=None):
        self.now = time.monotonic if clock is None else clock.now
        self.stats = Stats(workers)
        self.ready = queue.SimpleQueue()
        self.timers = []
        self.timers_lock = threading.Lock()
        self.timer_number = 0
        self.tasks = set()
        self.threads = [threading.Thread(target=self.worker, daemon=True) for _ in range(workers)]
        for thread in self.threads:
            thread.start()

    def make_task(self, coro, schedule):
        task = Task(coro, schedule, self.stats)
        self.stats.count(alive=1)
        with self.timers_lock:
            self.tasks.add(task)
        schedule(task)
        return task

    def spawn(self, coro):
        return JoinFuture(self.make_task(coro, self.ready.put))

    def block_on(self, coro):
        mine = queue.SimpleQueue()
        outer = getattr(_current, "runtime", None)
        _current.runtime = self
        try:
            root = self.make_task(coro, mine.put)
            while root.result is None:
                mine.get().poll()
        finally:
            _current.runtime = outer
        with self.timers_lock:
            self.tasks.discard(root)
        what, value = root.result
        if what == "panic":
            raise value
        return value

    def worker(self):
        _current.runtime = self
        while True:
            timeout = self.ring()
            try:
                item = self.ready.get(block=False)
            except queue.Empty:
                self.stats.count(parks=1)
                try:
                    item = self.ready.get(timeout=timeout)
                except queue.Empty:
                    continue
            if item is _STOP:
                return
            if item is not _LOOK:
                if timeout is not None:
                    self.ready.put(_LOOK)  # somebody else waits for that deadline while this worker is busy
                item.poll()
                if item.state == ENDED:
                    with self.timers_lock:
                        self.tasks.discard(item)

    def ring(self):
        """Wake whose time has come; how long it is until the next deadline."""
        while True:
            with self.timers_lock:
                if not self.timers:
                    return None
                wait = self.timers[0][0] - self.now()
                if wait > 1e-6:
                    return wait
                waker = heapq.heappop(self.timers)[2]
            waker.wake()

    def add_timer(self, deadline, waker):
        with self.timers_lock:
            self.timer_number += 1
            heapq.heappush(self.timers, (deadline, self.timer_number, waker))
            first = self.timers[0][0] == deadline
        if first:
            self.ready.put(_LOOK)

    def shutdown(self):
        for _ in self.threads:
            self.ready.put(_STOP)
        for thread in self.threads:
            thread.join()
        for task in list(self.tasks):
            task.drop()


class Sleep(Future):
    def __init__(self, seconds):
        self.seconds = seconds
        self.deadline = None

    def poll(self, cx):
        runtime = _current.runtime
        now = runtime.now()
        if self.deadline is None:
            self.deadline = now + self.seconds
        if self.deadline <= now + 1e-6:
            return Ready(None)
        runtime.add_timer(self.deadline, cx.waker)
        return PENDING


async def sleep(seconds):
    await Sleep(seconds)


@dataclass
class Report:
    n: int
    threads: int
    elapsed: float
    total: int


def compare(n, seconds):
    start = time.monotonic()
    runtime = MultiRuntime(4)

    async def job(i):
        await sleep(seconds)
        return i

    async def main():
        handles = [runtime.spawn(job(i)) for i in range(n)]
        total = 0
        for handle in handles:
            total += await handle
        return total

    total = runtime.block_on(main())
    tasks = Report(n, 4, time.monotonic() - start, total)
    runtime.shutdown()

    start = time.monotonic()
    results = []
    lock = threading.Lock()

    def thread_job(i):
        time.sleep(seconds)
        with lock:
            results.append(i)

    threads = [threading.Thread(target=thread_job, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tasks, Report(n, len(threads), time.monotonic() - start, sum(results))
