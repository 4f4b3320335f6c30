# /// adapter
# library = "concurrent.futures"
# exercise = "ex13"
# must_fail = [{ check = "local_first", finding = "injector-before-local" }, { check = "steals", finding = "steals-miscounted" }, { check = "half", finding = "not-half" }, { check = "idle", finding = "wrong-threads" }]
# policy = ["concurrent.futures"]
# score = 10
# ///
"""The standard library's ThreadPoolExecutor as a submission to ex13: each poll of a task is a job.

True of it: it has one queue for all workers, so nothing is local and nothing is stolen (`local_first`, `steals`, `half`), and it starts its
threads when jobs come (`idle`; each sleep is a thread of its own, too: that part is ours). It is fair, loses no job, wakes one worker for one job and
shuts down in order. Its import is forbidden, which caps the exercise at half its points.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from types import SimpleNamespace

from threadmarks.prelude import PENDING, Cancelled, Future, JoinError, Ready

_here = threading.local()


def current_worker():
    return getattr(_here, "number", None)


class WorkerStats(SimpleNamespace):
    pass


class Stats(SimpleNamespace):
    polls = property(lambda self: sum(row.polls for row in self.per_worker))
    parks = 0


class _Task:
    def __init__(self, runtime, future):
        self.runtime, self.future = runtime, future
        self.lock = threading.Lock()
        self.state = "queued"
        self.end = None
        self.joiner = None
        self.over = threading.Event()

    waker = property(lambda self: self)

    def clone(self):
        return self

    def will_wake(self, other):
        return other is self

    def wake(self):
        with self.lock:
            if self.state == "polled":
                self.state = "woken"
            if self.state != "waiting":
                return
            self.state = "queued"
        self.runtime.submit(self)

    def poll(self):
        self.runtime.stats.per_worker[_here.number].polls += 1
        with self.lock:
            self.state = "polled"
        try:
            outcome = self.future.poll(self)
        except BaseException as error:
            self.finish(("raised", error))
            return
        if outcome is not PENDING:
            self.finish(("value", outcome.value))
            return
        with self.lock:
            again = self.state == "woken"
            self.state = "queued" if again else "waiting"
        if again:
            self.runtime.submit(self)

    def finish(self, end):
        self.runtime.forget(self)
        with self.lock:
            self.end, self.state = end, "over"
            joiner = self.joiner
        self.over.set()
        if joiner is not None:
            joiner.wake()


class JoinFuture(Future):
    def __init__(self, task):
        self._task = task

    def poll(self, cx):
        with self._task.lock:
            if self._task.end is None:
                self._task.joiner = cx.waker
                return PENDING
        kind, what = self._task.end
        if kind == "cancelled":
            raise Cancelled
        if kind == "raised":
            raise JoinError(what)
        return Ready(what)


class StealingRuntime:
    def __init__(self, workers=4, clock=None, seed=0):
        numbers = count()

        def begin():
            _here.number = next(numbers)

        self._executor = ThreadPoolExecutor(workers, initializer=begin)
        self._lock = threading.Lock()
        self._alive = set()
        rows = [WorkerStats(polls=0, local_pushes=0, steals=0, stolen_from=0, parks=0) for _ in range(workers)]
        self.stats = Stats(threads=workers, max_tasks_alive=0, per_worker=rows)

    def submit(self, task):
        try:
            self._executor.submit(task.poll)
        except RuntimeError:
            pass  # shut down: the task is over

    def forget(self, task):
        with self._lock:
            self._alive.discard(task)

    def spawn(self, fut):
        return JoinFuture(self._start(fut))

    def _start(self, fut):
        task = _Task(self, fut if isinstance(fut, Future) else _Driven(fut))
        with self._lock:
            self._alive.add(task)
            self.stats.max_tasks_alive = max(self.stats.max_tasks_alive, len(self._alive))
        self.submit(task)
        return task

    def block_on(self, fut):
        task = self._start(fut)
        task.over.wait()
        kind, what = task.end
        if kind == "raised":
            raise what
        return what

    def shutdown(self):
        self._executor.shutdown(cancel_futures=True)
        for task in list(self._alive):
            task.finish(("cancelled", None))
            task.future.close()


class _Sleep(Future):
    def __init__(self, seconds):
        self._seconds, self._timer, self._waker = seconds, None, None
        self._rung = threading.Event()

    def poll(self, cx):
        self._waker = cx.waker
        if self._rung.is_set():
            return Ready(None)
        if self._timer is None:
            self._timer = threading.Timer(self._seconds, self._ring)
            self._timer.daemon = True
            self._timer.start()
        return PENDING

    def _ring(self):
        self._rung.set()
        self._waker.wake()

    def close(self):
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()


async def sleep(seconds):
    await _Sleep(seconds)


class _Driven(Future):
    def __init__(self, coroutine):
        self._coroutine, self._awaited = coroutine, None

    def poll(self, cx):
        resume, what = self._coroutine.send, None
        while True:
            if self._awaited is not None:
                try:
                    what = self._awaited.poll(cx)
                    if what is PENDING:
                        return PENDING
                    resume = self._coroutine.send
                except BaseException as error:
                    resume, what = self._coroutine.throw, error
            try:
                self._awaited = resume(what)
            except StopIteration as stop:
                return Ready(stop.value)

    def close(self):
        self._coroutine.close()
