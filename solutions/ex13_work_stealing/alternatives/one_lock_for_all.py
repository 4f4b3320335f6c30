"""ex13 with one lock: all queues, all states and all counters change under it, and a poll is the only thing that runs without it.

It gives up what the queues of one's own are for (workers that do not get into each other's way), and is easier to get right.
"""

import heapq
import threading
import time
from collections import deque
from types import SimpleNamespace

from threadmarks.prelude import PENDING, Cancelled, Future, JoinError, PolledAfterReady, Ready

place = threading.local()


def current_worker():
    return getattr(place, "number", None)


class WorkerStats(SimpleNamespace):
    pass


class Stats:
    def __init__(self, workers):
        self.threads = workers
        self.max_tasks_alive = 0
        self.per_worker = [
            WorkerStats(polls=0, local_pushes=0, steals=0, stolen_from=0, parks=0) for _ in range(workers)
        ]

    polls = property(lambda self: sum(row.polls for row in self.per_worker))
    parks = property(lambda self: sum(row.parks for row in self.per_worker))


class TaskWaker:
    def __init__(self, runtime, task):
        self.runtime, self.task = runtime, task

    def wake(self):
        runtime, task = self.runtime, self.task
        with runtime.changed:
            if task.status == "polled":
                task.status = "polled and woken"
            elif task.status == "waiting":
                runtime.enqueue(task)

    def clone(self):
        return TaskWaker(self.runtime, self.task)

    def will_wake(self, other):
        return isinstance(other, TaskWaker) and other.task is self.task


class Task:
    def __init__(self, runtime, future):
        self.future = future
        self.status = "new"
        self.outcome = None  # ("value", v), ("error", e) or ("cancelled", None)
        self.waiters = []
        self.context = SimpleNamespace(waker=TaskWaker(runtime, self))


class JoinFuture(Future):
    def __init__(self, runtime, task):
        self.runtime, self.task, self.asked = runtime, task, False

    def poll(self, cx):
        if self.asked:
            raise PolledAfterReady
        with self.runtime.changed:
            if self.task.outcome is None:
                self.task.waiters = [cx.waker.clone()]
                return PENDING
        self.asked = True
        kind, what = self.task.outcome
        if kind == "error":
            raise JoinError(what)
        if kind == "cancelled":
            raise Cancelled
        return Ready(what)


class StealingRuntime:
    def __init__(self, workers=4, clock=None, seed=0):
        self.now = clock.now if clock is not None else time.monotonic
        self.stats = Stats(workers)
        self.changed = threading.Condition(threading.RLock())
        self.ended = threading.Condition()
        self.injector = deque()
        self.queues = [deque() for _ in range(workers)]
        self.alive = set()
        self.timers = []
        self.timer_number = 0
        self.timekeeper = None
        self.stopped = False
        self.threads = [threading.Thread(target=self.work, args=(n,), daemon=True) for n in range(workers)]
        for thread in self.threads:
            thread.start()

    def spawn(self, fut):
        return JoinFuture(self, self.start(fut))

    def block_on(self, fut):
        task = self.start(fut)
        with self.ended:
            self.ended.wait_for(lambda: task.outcome is not None)
        kind, what = task.outcome
        if kind == "error":
            raise what
        if kind == "cancelled":
            raise Cancelled
        return what

    def shutdown(self):
        with self.changed:
            self.stopped = True
            self.changed.notify_all()
        for thread in self.threads:
            thread.join()
        for task in list(self.alive):
            future = task.future
            self.end(task, "cancelled", None)
            future.close()

    def start(self, fut):
        task = Task(self, fut if hasattr(fut, "poll") else CoroutineFuture(fut))
        with self.changed:
            self.alive.add(task)
            self.stats.max_tasks_alive = max(self.stats.max_tasks_alive, len(self.alive))
            self.enqueue(task)
        return task

    def enqueue(self, task):
        """With the lock held."""
        task.status = "queued"
        if getattr(place, "runtime", None) is self:
            self.queues[place.number].append(task)
            self.stats.per_worker[place.number].local_pushes += 1
        else:
            self.injector.append(task)
        self.changed.notify()

    def end(self, task, kind, what):
        with self.changed:
            task.outcome = (kind, what)
            task.status = "over"
            self.alive.discard(task)
            waiters = task.waiters
        with self.ended:
            self.ended.notify_all()
        for waiter in waiters:
            waiter.wake()

    # ---- workers

    def work(self, number):
        place.runtime, place.number = self, number
        turn = 0
        while True:
            turn += 1
            with self.changed:
                task = self.find(number, injector_first=turn % 40 == 0)
                if task is None:
                    return
                task.status = "polled"
                self.stats.per_worker[number].polls += 1
            try:
                outcome = task.future.poll(task.context)
            except BaseException as error:
                self.end(task, "error", error)
                continue
            if outcome is not PENDING:
                self.end(task, "value", outcome.value)
                continue
            with self.changed:
                if task.status == "polled and woken":
                    self.enqueue(task)
                else:
                    task.status = "waiting"

    def find(self, number, injector_first):
        """The next task; waits for one. None when the runtime is shut down."""
        mine, row = self.queues[number], self.stats.per_worker[number]
        while not self.stopped:
            self.ring()
            if self.injector and (injector_first or not mine):
                return self.injector.popleft()
            if not mine:
                self.steal(number)
            if mine:
                return mine.popleft()
            row.parks += 1
            if self.timers and self.timekeeper is None:
                self.timekeeper = number
                self.changed.wait(max(0, self.timers[0][0] - self.now()))
                self.timekeeper = None
                if self.timers:
                    self.changed.notify()
            else:
                self.changed.wait()
        return None

    def steal(self, number):
        for victim in range(len(self.queues)):
            theirs = self.queues[victim]
            if victim != number and theirs:
                size = max(1, len(theirs) // 2)
                loot = [theirs.pop() for _ in range(size)]
                self.queues[number].extend(reversed(loot))
                self.stats.per_worker[number].steals += size
                self.stats.per_worker[victim].stolen_from += size
                return

    # ---- timers

    def at(self, deadline, waker_of):
        with self.changed:
            self.timer_number += 1
            heapq.heappush(self.timers, (deadline, self.timer_number, waker_of))
            if self.timers[0][1] == self.timer_number:
                self.timekeeper = None
                self.changed.notify()  # whoever wakes up finds the new deadline

    def ring(self):
        while self.timers and self.timers[0][0] <= self.now() + 1e-6:
            heapq.heappop(self.timers)[2]()


class Sleep(Future):
    def __init__(self, seconds):
        self.seconds = seconds
        self.deadline = None
        self.waker = None
        self.rung = False

    def poll(self, cx):
        runtime = place.runtime
        with runtime.changed:
            if self.rung:
                return Ready(None)
            self.waker = cx.waker
            if self.deadline is None:
                self.deadline = runtime.now() + max(0, self.seconds)
                runtime.at(self.deadline, self.ring)
        return PENDING

    def ring(self):
        self.rung = True
        self.waker.wake()


async def sleep(seconds):
    await Sleep(seconds)


class CoroutineFuture(Future):
    def __init__(self, coroutine):
        self.coroutine = coroutine
        self.inner = None

    def poll(self, cx):
        send, what = self.coroutine.send, None
        while True:
            if self.inner is not None:
                try:
                    ready = self.inner.poll(cx)
                    if ready is PENDING:
                        return PENDING
                    send, what = self.coroutine.send, ready
                except BaseException as error:
                    send, what = self.coroutine.throw, error
            try:
                self.inner = send(what)
            except StopIteration as stop:
                return Ready(stop.value)

    def close(self):
        self.coroutine.close()
