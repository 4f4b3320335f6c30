"""The parker runs what others have left for the loop, each time it comes back; threads are made while there are more calls than threads."""

import threading
import time
from dataclasses import dataclass, field
from types import SimpleNamespace

from ex07 import Executor, from_coroutine
from ex10 import Reactor

from threadmarks.prelude import PENDING, Cancelled, Future, JoinError, PolledAfterReady, PoolClosed, Ready


class LoopParker:
    def __init__(self):
        self.reactor = Reactor()
        self.lock = threading.Lock()
        self.todo = []

    def park(self, timeout):
        self.reactor.park(timeout)
        while True:
            with self.lock:
                if not self.todo:
                    return
                fn = self.todo.pop(0)
            try:
                fn()
            except BaseException as error:
                print("a callback panicked:", repr(error))

    def unpark(self):
        self.reactor.unpark()

    def add(self, fn):
        with self.lock:
            self.todo.append(fn)
        self.unpark()


@dataclass
class Outcome(Future):
    how: str = "running"
    what: object = None
    wakers: list = field(default_factory=list)

    def poll(self, cx):
        match self.how:
            case "running":
                self.wakers[:] = [cx.waker.clone()]
                return PENDING
            case "told":
                raise PolledAfterReady("already told")
        how, self.how = self.how, "told"
        if how == "value":
            return Ready(self.what)
        raise JoinError(self.what) if how == "panic" else Cancelled()

    def become(self, how, what=None):
        if self.how != "running":
            return
        self.how, self.what = how, what
        for waker in self.wakers:
            waker.wake()

    def abort(self):
        self.become("cancelled")


class Runtime:
    def __init__(self, max_blocking_threads=8):
        self.parker = LoopParker()
        self.executor = Executor(None, self.parker)
        self.guard = self.executor.expect_wake()
        self.guard.__enter__()
        self.pool = SimpleNamespace(cap=max_blocking_threads, calls=[], threads=[], unfinished=0, over=False)
        self.changed = threading.Condition()

    def spawn(self, fut):
        return self.executor.spawn(stopwatch(fut))

    def block_on(self, fut):
        return self.executor.block_on(stopwatch(fut))

    def call_soon_threadsafe(self, fn):
        self.parker.add(fn)

    def spawn_blocking(self, f, *args):
        pool, outcome = self.pool, Outcome()

        def call():
            try:
                end = ("value", f(*args))
            except BaseException as error:
                end = ("panic", error)
            with self.changed:
                pool.unfinished -= 1
            self.parker.add(lambda: outcome.become(*end))

        with self.changed:
            if pool.over:
                raise PoolClosed("shut down")
            pool.calls.append((call, outcome))
            pool.unfinished += 1
            self.changed.notify()
            more = len(pool.threads) < min(pool.cap, pool.unfinished)
        if more:
            thread = threading.Thread(target=self.worker, daemon=True)
            pool.threads.append(thread)
            thread.start()
        return outcome

    def worker(self):
        pool = self.pool
        while True:
            with self.changed:
                while not pool.calls and not pool.over:
                    self.changed.wait()
                if pool.over:
                    return
                call, _ = pool.calls.pop(0)
            call()

    def shutdown(self, timeout=None):
        with self.changed:
            self.pool.over = True
            self.changed.notify_all()
        # no thread takes a call any more
        for _, outcome in self.pool.calls:
            outcome.become("cancelled")
        until = time.monotonic() + timeout if timeout is not None else None
        for thread in self.pool.threads:
            thread.join() if until is None else thread.join(max(0.0, until - time.monotonic()))


class _Nobody:
    def seen(self, name, seconds):
        pass


class _Finder:
    def __init__(self, limit):
        self.limit = limit
        self.names = []

    def seen(self, name, seconds):
        if seconds > self.limit and name not in self.names:
            self.names.append(name)


finder = _Nobody()


def stopwatch(fut):
    """A future that does the same, and tells the finder how long each poll took."""
    if hasattr(fut, "poll"):
        return Stopwatch(fut, type(fut).__name__)
    return Stopwatch(from_coroutine(fut), fut.__name__)


class Stopwatch(Future):
    def __init__(self, fut, name):
        self.fut, self.name, self.close = fut, name, fut.close

    def poll(self, cx):
        begin = time.monotonic()
        try:
            return self.fut.poll(cx)
        finally:
            finder.seen(self.name, time.monotonic() - begin)


def find_blockers(run, limit):
    global finder
    before, finder = finder, _Finder(limit)
    try:
        run()
        return finder.names
    finally:
        finder = before
