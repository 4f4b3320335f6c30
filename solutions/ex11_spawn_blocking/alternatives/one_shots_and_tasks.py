"""Made of what ex07 has: a one-shot that the worker sets, and a task that awaits it, whose JoinFuture is the handle."""

import threading
import time
from collections import deque
from contextlib import ExitStack
from queue import SimpleQueue

from ex07 import Executor, OneShotFuture, from_coroutine
from ex10 import Reactor

from threadmarks.prelude import Future, PoolClosed


class _Panic:
    def __init__(self, error):
        self.error = error


class Job:
    def __init__(self, f, args):
        self.f, self.args = f, args
        self.outcome = OneShotFuture()
        self.handle = None

    def __call__(self):
        try:
            outcome = (self.f(*self.args),)
        except BaseException as error:
            outcome = _Panic(error)
        self.outcome.set(outcome)  # from this thread: a one-shot is made for that

    async def end(self):
        outcome = await self.outcome
        if isinstance(outcome, _Panic):
            raise outcome.error
        return outcome[0]


class Worker:
    """A thread with a letter box. Who has nothing to do stands in `idle`, and is handed its next job directly."""

    def __init__(self, pool, job):
        self.pool = pool
        self.jobs = SimpleQueue()
        self.jobs.put(job)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while job := self.jobs.get():
            job()
            self.pool.next_for(self)


class Pool:
    def __init__(self, cap):
        self.cap = cap
        self.lock = threading.Lock()
        self.idle, self.workers, self.backlog = [], [], deque()
        self.closed = False

    def submit(self, job):
        with self.lock:
            if self.closed:
                raise PoolClosed
            if self.idle:
                self.idle.pop().jobs.put(job)
            elif len(self.workers) < self.cap:
                self.workers.append(Worker(self, job))
            else:
                self.backlog.append(job)

    def next_for(self, worker):
        with self.lock:
            if self.backlog:
                worker.jobs.put(self.backlog.popleft())
            elif self.closed:
                worker.jobs.put(None)
            else:
                self.idle.append(worker)

    def close(self, timeout):
        with self.lock:
            self.closed = True
            jobs = list(self.backlog)
            self.backlog.clear()
            for worker in self.idle:
                worker.jobs.put(None)
        until = None if timeout is None else time.monotonic() + timeout
        for worker in self.workers:
            worker.thread.join(None if until is None else max(0, until - time.monotonic()))
        return jobs


class Runtime:
    def __init__(self, max_blocking_threads=8):
        self._executor = Executor(None, Reactor())
        self._never_alone = ExitStack()
        self._never_alone.enter_context(self._executor.expect_wake())
        self._lock = threading.Lock()
        self._bell, self._callbacks = OneShotFuture(), []
        self._executor.spawn(self._call_back())
        self._pool = Pool(max_blocking_threads)

    async def _call_back(self):
        while True:
            await self._bell
            with self._lock:
                callbacks, self._callbacks, self._bell = self._callbacks, [], OneShotFuture()
            for fn in callbacks:
                try:
                    fn()
                except BaseException as error:
                    print("callback:", error)

    def call_soon_threadsafe(self, fn):
        with self._lock:
            self._callbacks.append(fn)
            if len(self._callbacks) == 1:  # a one-shot is set once
                self._bell.set(None)

    def spawn(self, fut):
        return self._executor.spawn(_named(fut))

    def block_on(self, fut):
        return self._executor.block_on(_named(fut))

    def spawn_blocking(self, f, *args):
        job = Job(f, args)
        self._pool.submit(job)
        job.handle = self._executor.spawn(job.end())
        return job.handle

    def shutdown(self, timeout=None):
        for job in self._pool.close(timeout):
            job.handle.abort()


_times = []


def _named(fut):
    return _Named(fut.__name__, from_coroutine(fut)) if hasattr(fut, "send") else _Named(type(fut).__name__, fut)


class _Named(Future):
    def __init__(self, name, fut):
        self._name, self._fut = name, fut

    def poll(self, cx):
        begin = time.monotonic()
        try:
            return self._fut.poll(cx)
        finally:
            _times.append((time.monotonic() - begin, self._name))

    def close(self):
        self._fut.close()


def find_blockers(run, limit):
    first = len(_times)
    run()
    return list(dict.fromkeys(name for seconds, name in _times[first:] if seconds > limit))
