"""ex12 with one lock for everything: the queue, the timers, and three flags in each task (queued, running, again)."""

import threading
import time
from bisect import insort
from dataclasses import dataclass

from threadmarks.prelude import PENDING, Cancelled, Future, JoinError, Ready

working_for = threading.local()


@dataclass
class Stats:
    threads: int
    polls: int = 0
    parks: int = 0
    max_tasks_alive: int = 0


class Task:
    def __init__(self, runtime, coro):
        self.runtime = runtime
        self.coro = coro
        self.waits_for = None
        self.queued = self.running = self.again = False
        self.outcome = None  # "returned", "raised" or "dropped", and the value
        self.then = []  # what to call at the end

    # The task is its own context and its own waker.
    waker = property(lambda self: self)

    def clone(self):
        return self

    def will_wake(self, other):
        return self is other

    def wake(self):
        with self.runtime.changed:
            if self.running:
                self.again = True
            elif not self.queued and self.outcome is None:
                self.queued = True
                self.runtime.queue.append(self)
                self.runtime.changed.notify()

    def poll(self):
        """True when the coroutine has ended."""
        result, error = None, None
        while True:
            if self.waits_for is not None:
                try:
                    result = self.waits_for.poll(self)
                    if result is PENDING:
                        return False
                except BaseException as caught:
                    error = caught
            try:
                if error is None:
                    self.waits_for = self.coro.send(result)
                else:
                    raised, error = error, None
                    self.waits_for = self.coro.throw(raised)
            except StopIteration as end:
                self.end("returned", end.value)
                return True
            except BaseException as caught:
                self.end("raised", caught)
                return True

    def end(self, how, value):
        with self.runtime.changed:
            self.outcome = how, value
            self.runtime.alive.remove(self)
            then, self.then = self.then, []
        for call in then:
            call()


class JoinFuture(Future):
    def __init__(self, task):
        self.task = task

    def poll(self, cx):
        with self.task.runtime.changed:
            if self.task.outcome is None:
                self.task.then = [cx.waker.wake]
                return PENDING
        how, value = self.task.outcome
        if how == "raised":
            raise JoinError(value)
        if how == "dropped":
            raise Cancelled
        return Ready(value)


class MultiRuntime:
    def __init__(self, workers=4, clock=None):
        self.now = clock.now if clock else time.monotonic
        self.changed = threading.Condition(threading.RLock())
        self.queue = []
        self.deadlines = []  # sorted; the earliest is the last
        self.alive = set()
        self.stopping = False
        self.stats = Stats(workers)
        self.threads = []
        for number in range(workers):
            self.threads.append(threading.Thread(target=self.loop, name=f"w{number}", daemon=True))
            self.threads[-1].start()

    def new_task(self, coro, *then):
        task = Task(self, coro)
        task.then = list(then)
        with self.changed:
            self.alive.add(task)
            self.stats.max_tasks_alive = max(self.stats.max_tasks_alive, len(self.alive))
            task.wake()
        return task

    def spawn(self, coro):
        return JoinFuture(self.new_task(coro))

    def block_on(self, coro):
        over = threading.Event()
        task = self.new_task(coro, over.set)
        over.wait()
        how, value = task.outcome
        if how == "raised":
            raise value
        return value

    def loop(self):
        working_for.runtime = self
        while True:
            with self.changed:
                task = self.next_task()
                if task is None:
                    return
                task.queued, task.running = False, True
                self.stats.polls += 1
            ended = task.poll()
            with self.changed:
                task.running = False
                if task.again and not ended:
                    task.wake()
                task.again = False

    def next_task(self):
        while not self.stopping:
            now = self.now()
            while self.deadlines and -self.deadlines[-1][0] <= now + 1e-6:
                self.deadlines.pop()[1].wake()
            if self.queue:
                return self.queue.pop()  # the last one first; the order is ours
            self.stats.parks += 1
            self.changed.wait(-self.deadlines[-1][0] - now if self.deadlines else None)
        return None

    def remember(self, deadline, waker):
        with self.changed:
            entry = (-deadline, waker)
            insort(self.deadlines, entry, key=lambda each: each[0])
            if self.deadlines[-1] is entry:
                self.changed.notify_all()

    def shutdown(self):
        with self.changed:
            self.stopping = True
            self.changed.notify_all()
        for thread in self.threads:
            thread.join()
        for task in list(self.alive):
            task.coro.close()
            task.end("dropped", None)


class Until(Future):
    def __init__(self, deadline):
        self.deadline = deadline

    def poll(self, cx):
        if working_for.runtime.now() + 1e-6 >= self.deadline:
            return Ready(None)
        working_for.runtime.remember(self.deadline, cx.waker)
        return PENDING


async def sleep(seconds):
    await Until(working_for.runtime.now() + seconds)


@dataclass
class Report:
    n: int
    threads: int
    elapsed: float
    total: int


def compare(n, seconds):
    async def task_job(number):
        await sleep(seconds)
        return number

    async def everything(runtime):
        total = 0
        for handle in [runtime.spawn(task_job(number)) for number in range(n)]:
            total += await handle
        return total

    began = time.monotonic()
    runtime = MultiRuntime(workers=4)
    try:
        total = runtime.block_on(everything(runtime))
        tasks = Report(n=n, threads=4, elapsed=time.monotonic() - began, total=total)
    finally:
        runtime.shutdown()

    totals = []

    def thread_job(number):
        time.sleep(seconds)
        totals.append(number)

    began = time.monotonic()
    threads = [threading.Thread(target=thread_job, args=[number]) for number in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tasks, Report(n=n, threads=n, elapsed=time.monotonic() - began, total=sum(totals))
