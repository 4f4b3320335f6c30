# /// adapter
# library = "asyncio"
# exercise = "ex12"
# must_fail = [{ check = "one_blocked", finding = "held-up-by-a-blocked-worker" }]
# policy = ["asyncio"]
# score = 10
# ///
"""asyncio as a submission to ex12: an event loop on each worker, which is how people spread asyncio over threads.

Tasks are given to the loops in turn, and stay there. The adapter drives ex12's futures from asyncio's tasks: what the coroutine yields is
one of asyncio's futures, which goes on to its loop, or one of the prelude's, which is polled, with a waker that calls the loop.

True of it: a task that blocks its thread holds up all tasks of its loop, for no other loop can have them. All else that is checked it does; an
Event per task and `call_soon_threadsafe` see to it that a task runs on its loop's thread only, and that no wake is lost. asyncio
counts neither polls nor parks, so the adapter does. Its import is forbidden, which caps the exercise at half its points.
"""

import asyncio
import itertools
import threading
import time
import types
from dataclasses import dataclass

from threadmarks.prelude import PENDING, Cancelled, Future, JoinError, Ready


class _Waker:
    """Sets an asyncio Event on its loop's thread."""

    def __init__(self, loop):
        self._loop = loop
        self.woken = asyncio.Event()

    def wake(self):
        try:
            self._loop.call_soon_threadsafe(self.woken.set)
        except RuntimeError:  # the loop is closed: the runtime was shut down
            return

    def clone(self):
        return self

    def will_wake(self, other):
        return other is self


class _Context:
    def __init__(self, waker):
        self.waker = waker


@types.coroutine
def _driven(coro, cx, counted):
    """Run a coroutine within an asyncio task; poll what it awaits of the prelude's futures."""
    step, error = None, None
    counted()
    while True:
        try:
            awaited = coro.send(step) if error is None else coro.throw(error)
        except StopIteration as stop:
            return stop.value
        step = error = None
        try:
            if asyncio.isfuture(awaited) or awaited is None:
                step = yield awaited
                counted()
                continue
            while (step := awaited.poll(cx)) is PENDING:
                yield from cx.waker.woken.wait().__await__()
                cx.waker.woken.clear()
                counted()
        except asyncio.CancelledError:
            coro.close()
            raise
        except BaseException as raised:
            error = raised


class Stats:
    def __init__(self, threads):
        self.threads = threads
        self.polls = 0
        self.parks = 0
        self.max_tasks_alive = 0
        self.alive = 0


class JoinFuture(Future):
    def __init__(self):
        self._lock = threading.Lock()
        self._end = None
        self._waker = None

    def set(self, *end):
        with self._lock:
            self._end, waker = end, self._waker
        if waker is not None:
            waker.wake()

    def poll(self, cx):
        with self._lock:
            if self._end is None:
                self._waker = cx.waker
                return PENDING
        kind, value = self._end
        if kind == "panic":
            raise JoinError(value)
        if kind == "cancelled":
            raise Cancelled
        return Ready(value)


class MultiRuntime:
    def __init__(self, workers=4, clock=None):
        self.stats = Stats(workers)
        self._lock = threading.Lock()
        self._loops = [asyncio.new_event_loop() for _ in range(workers)]
        for loop in self._loops if clock is not None else ():
            loop.time = clock.now  # as asyncio's own tests do
        self._turns = itertools.cycle(self._loops)
        self._threads = [threading.Thread(target=self._work, args=(loop,), daemon=True) for loop in self._loops]
        for thread in self._threads:
            thread.start()

    def _work(self, loop):
        asyncio.set_event_loop(loop)
        select = loop._selector.select

        def counting_select(timeout=None):
            if timeout is None or timeout > 0:
                with self._lock:
                    self.stats.parks += 1
            return select(timeout)

        loop._selector.select = counting_select  # when a loop parks, nobody else can say
        loop.run_forever()
        pending = asyncio.all_tasks(loop)
        for task in pending:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        loop.close()

    def _counted(self):
        with self._lock:
            self.stats.polls += 1

    async def _run(self, coro, tell):
        waker = _Waker(asyncio.get_running_loop())
        try:
            end = "value", await _driven(coro, _Context(waker), self._counted)
        except asyncio.CancelledError:
            end = "cancelled", None
        except BaseException as error:  # asyncio lets SystemExit end the loop
            end = "panic", error
        with self._lock:
            self.stats.alive -= 1
        tell(*end)

    def _begin(self, coro, tell):
        with self._lock:
            self.stats.alive += 1
            self.stats.max_tasks_alive = max(self.stats.max_tasks_alive, self.stats.alive)
            loop = next(self._turns)
        loop.call_soon_threadsafe(lambda: tasks.add(loop.create_task(self._run(coro, tell))))

    def spawn(self, coro):
        handle = JoinFuture()
        self._begin(coro, handle.set)
        return handle

    def block_on(self, coro):
        ended, end = threading.Event(), []

        def tell(*what):
            end.extend(what)
            ended.set()

        self._begin(coro, tell)
        ended.wait()
        if end[0] == "panic":
            raise end[1]
        return end[1]

    def shutdown(self):
        for loop in self._loops:
            loop.call_soon_threadsafe(loop.stop)
        for thread in self._threads:
            thread.join()


tasks = set()  # asyncio keeps no strong reference to its tasks


async def sleep(seconds):
    await asyncio.sleep(seconds)


@dataclass
class Report:
    n: int
    threads: int
    elapsed: float
    total: int


def compare(n, seconds):
    async def job(number):
        await sleep(seconds)
        return number

    async def all_jobs():
        handles = [runtime.spawn(job(number)) for number in range(n)]
        return sum([await handle for handle in handles])

    begin = time.monotonic()
    runtime = MultiRuntime(4)
    total = runtime.block_on(all_jobs())
    tasks_report = Report(n, 4, time.monotonic() - begin, total)
    runtime.shutdown()
    returned = []
    begin = time.monotonic()
    threads = [
        threading.Thread(target=lambda number=number: (time.sleep(seconds), returned.append(number)))
        for number in range(n)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tasks_report, Report(n, n, time.monotonic() - begin, sum(returned))
