"""ex13 with one semaphore: each task in any queue is a permit. Who has a permit looks until it has found a task; there is one.

A thief takes a single task, so none is ever on its way between two queues. A timer that is due earlier than all others puts a task that is
none (None) into the injector: whoever finds it looks at the clock again.
"""

import collections
import heapq
import itertools
import random
import threading
import time
import types

from threadmarks.prelude import PENDING, Cancelled, Future, JoinError, PolledAfterReady, Ready

thread = threading.local()


def current_worker():
    return getattr(thread, "number", None)


class WorkerStats:
    def __init__(self):
        self.polls = self.local_pushes = self.steals = self.stolen_from = self.parks = 0


class Stats:
    def __init__(self, workers):
        self.threads = workers
        self.max_tasks_alive = 0
        self.per_worker = [WorkerStats() for _ in range(workers)]

    @property
    def polls(self):
        return sum(stats.polls for stats in self.per_worker)

    @property
    def parks(self):
        return sum(stats.parks for stats in self.per_worker)


class LockedQueue:
    def __init__(self, stats=None):
        self.lock = threading.Lock()
        self.items = collections.deque()
        self.stats = stats

    def put(self, item):
        with self.lock:
            self.items.append(item)
            if self.stats is not None:
                self.stats.local_pushes += 1

    def take(self):
        with self.lock:
            return [self.items.popleft()] if self.items else []

    def give(self):
        with self.lock:
            if not self.items:
                return []
            self.stats.stolen_from += 1
            return [self.items.pop()]


class Task:
    def __init__(self, runtime, future):
        self.runtime, self.future = runtime, future
        self.lock = threading.Lock()
        self.wakes = 1  # not yet followed by a poll; spawning is one
        self.at_work = True  # queued or polled
        self.result = None
        self.joiner = None
        self.over = threading.Event()
        self.context = types.SimpleNamespace(waker=self)

    def wake(self):
        with self.lock:
            self.wakes += 1
            if self.at_work:
                return
            self.at_work = True
        self.runtime.put(self)

    def clone(self):
        return self

    def will_wake(self, other):
        return self is other

    def poll(self):
        with self.lock:
            self.wakes = 0
        try:
            outcome = self.future.poll(self.context)
        except BaseException as error:
            self.finish(error=error)
        else:
            if outcome is not PENDING:
                self.finish(value=outcome.value)
                return
            with self.lock:
                self.at_work = self.wakes > 0
                if not self.at_work:
                    return
            self.runtime.put(self)

    def finish(self, **result):
        with self.runtime.lock:
            del self.runtime.tasks[id(self)]
        with self.lock:
            self.result = result
            joiner = self.joiner
        self.over.set()
        if joiner is not None:
            joiner.wake()


class JoinFuture(Future):
    def __init__(self, task):
        self.task = task
        self.over = False

    def poll(self, cx):
        if self.over:
            raise PolledAfterReady("joined already")
        with self.task.lock:
            result = self.task.result
            if result is None:
                self.task.joiner = cx.waker.clone()
                return PENDING
        self.over = True
        if "error" in result:
            raise JoinError(result["error"])
        if "value" not in result:
            raise Cancelled("shut down")
        return Ready(result["value"])


class StealingRuntime:
    def __init__(self, workers=4, clock=None, seed=0):
        self.time = time.monotonic if clock is None else clock.now
        self.stats = Stats(workers)
        self.lock = threading.Lock()  # guards tasks, timers
        self.tasks, self.timers, self.numbers = {}, [], itertools.count()
        self.permits = threading.Semaphore(0)
        self.injector = LockedQueue()
        self.queues = [LockedQueue(stats) for stats in self.stats.per_worker]
        self.random = random.Random(seed)
        self.down = False
        self.threads = [threading.Thread(target=self.work, args=(number,), daemon=True) for number in range(workers)]
        for each in self.threads:
            each.start()

    def spawn(self, fut):
        return JoinFuture(self.begin(fut))

    def begin(self, fut):
        task = Task(self, fut if hasattr(fut, "poll") else Coroutine(fut))
        with self.lock:
            self.tasks[id(task)] = task
            self.stats.max_tasks_alive = max(self.stats.max_tasks_alive, len(self.tasks))
        self.put(task)
        return task

    def block_on(self, fut):
        task = self.begin(fut)
        task.over.wait()
        if "error" in task.result:
            raise task.result["error"]
        return task.result["value"]

    def shutdown(self):
        self.down = True
        self.permits.release(len(self.threads))
        for each in self.threads:
            each.join()
        for task in list(self.tasks.values()):
            task.finish()
            task.future.close()

    def put(self, task):
        if getattr(thread, "runtime", None) is self:
            self.queues[thread.number].put(task)
        else:
            self.injector.put(task)
        self.permits.release()

    def work(self, number):
        thread.runtime, thread.number = self, number
        mine = self.stats.per_worker[number]
        for turn in itertools.count():
            self.ring()
            if not self.permits.acquire(blocking=False):
                mine.parks += 1
                if not self.permits.acquire(timeout=self.until_next()):
                    continue
            found = []
            while not found and not self.down:
                found = self.look(number, mine, turn)
            if self.down:
                return
            (task,) = found
            if task is not None:
                mine.polls += 1
                task.poll()

    def look(self, number, mine, turn):
        own = self.queues[number]
        found = (turn % 61 == 60 and self.injector.take()) or own.take() or self.injector.take()
        if not found:
            start = self.random.randrange(len(self.queues))
            for victim in self.queues[start:] + self.queues[:start]:
                if victim is not own and not found:
                    found = victim.give()
                    mine.steals += len(found)
        return found

    def until_next(self):
        with self.lock:
            return max(0, self.timers[0][0] - self.time()) if self.timers else None

    def remind(self, seconds, call):
        with self.lock:
            entry = (self.time() + seconds, next(self.numbers), call)
            heapq.heappush(self.timers, entry)
            earliest = self.timers[0] is entry
        if earliest:
            self.injector.put(None)
            self.permits.release()

    def ring(self):
        due = []
        with self.lock:
            if self.timers:
                now = self.time() + 1e-6
                while self.timers and self.timers[0][0] <= now:
                    due.append(heapq.heappop(self.timers)[2])
        for call in due:
            call()


class SleepFuture(Future):
    def __init__(self, seconds):
        self.seconds = max(0, seconds)
        self.begun = False
        self.rung = threading.Event()

    def poll(self, cx):
        if self.rung.is_set():
            return Ready(None)
        if not self.begun:
            self.begun = True
            waker = cx.waker.clone()
            thread.runtime.remind(self.seconds, lambda: (self.rung.set(), waker.wake()))
        return PENDING


async def sleep(seconds):
    await SleepFuture(seconds)


class Coroutine(Future):
    def __init__(self, coroutine):
        self.coroutine = coroutine
        self.future = None

    def poll(self, cx):
        go_on, what = self.coroutine.send, None
        while True:
            if self.future is not None:
                try:
                    what = self.future.poll(cx)
                    go_on = self.coroutine.send
                except BaseException as error:
                    go_on, what = self.coroutine.throw, error
                if what is PENDING:
                    return PENDING
            try:
                self.future = go_on(what)
            except StopIteration as stop:
                return Ready(stop.value)

    def close(self):
        self.coroutine.close()
