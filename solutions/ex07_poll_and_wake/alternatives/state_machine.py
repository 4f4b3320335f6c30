"""ex07: each task is a small state machine (idle, queued, running, running and woken); wakers are objects of their own."""

import contextlib
import heapq
import itertools
import threading
import time
from dataclasses import dataclass, field
from enum import Enum, auto

from threadmarks.prelude import PENDING, Cancelled, Deadlock, Future, JoinError, PolledAfterReady, Ready


class _State(Enum):
    IDLE = auto()
    QUEUED = auto()
    RUNNING = auto()
    RUNNING_AND_WOKEN = auto()
    ENDED = auto()


class _Sleeper:
    """Parker by an Event."""

    def __init__(self):
        self._event = threading.Event()

    def park(self, timeout):
        self._event.wait(timeout)
        self._event.clear()

    def unpark(self):
        self._event.set()


@dataclass(eq=False)
class _Task:
    future: object
    executor: "Executor"
    state: _State = _State.IDLE
    outcome: tuple = ()
    waiting: list = field(default_factory=list)


class _Waker:
    def __init__(self, task):
        self.task = task

    def wake(self):
        self.task.executor._wake(self.task)

    def clone(self):
        return _Waker(self.task)

    def will_wake(self, other):
        return isinstance(other, _Waker) and other.task is self.task


@dataclass
class _Context:
    waker: _Waker
    executor: "Executor"


class _Once(Future):
    """Turns `_step(cx)`, which gives PENDING or Ready, into a future that is polled once too often only once."""

    _finished = False

    def poll(self, cx):
        if self._finished:
            raise PolledAfterReady(type(self).__name__)
        try:
            outcome = self._step(cx)
        except BaseException:
            self._finished = True
            raise
        if outcome is not PENDING:
            self._finished = True
        return outcome


class JoinFuture(_Once):
    def __init__(self, task):
        self._task = task

    def poll(self, cx):
        return super().poll(cx)

    def _step(self, cx):
        task = self._task
        if not task.outcome:
            task.waiting[:] = [cx.waker]
            return PENDING
        kind, what = task.outcome
        if kind == "panic":
            raise JoinError(what)
        if kind == "aborted":
            raise Cancelled
        return Ready(what)

    def abort(self):
        task = self._task
        if not task.outcome:
            task.executor._end(task, "aborted", None)
            task.future.close()


class Executor:
    def __init__(self, clock=None, parker=None):
        self.now = time.monotonic if clock is None else clock.now
        self.parker = parker or _Sleeper()
        self.polls = self.parks = 0
        self._mutex = threading.RLock()
        self._queue = []
        self._timers = []
        self._count = itertools.count()
        self._outsiders = 0

    def spawn(self, fut):
        return JoinFuture(self._task(fut))

    def _task(self, fut):
        task = _Task(fut if hasattr(fut, "poll") else from_coroutine(fut), self)
        self._wake(task)
        return task

    def _wake(self, task):
        with self._mutex:
            if task.state is _State.IDLE:
                task.state = _State.QUEUED
                self._queue.append(task)
            elif task.state is _State.RUNNING:
                task.state = _State.RUNNING_AND_WOKEN
        self.parker.unpark()

    def _end(self, task, kind, what):
        with self._mutex:
            task.state = _State.ENDED
            task.outcome = (kind, what)
        for waker in task.waiting:
            waker.wake()

    def _run(self, task):
        self.polls += 1
        try:
            result = task.future.poll(_Context(_Waker(task), self))
        except BaseException as error:
            if task.state is not _State.ENDED:
                self._end(task, "panic", error)
            return
        if task.state is _State.ENDED:
            return
        if result is not PENDING:
            self._end(task, "value", result.value)
            return
        with self._mutex:
            if task.state is _State.RUNNING_AND_WOKEN:
                task.state = _State.QUEUED
                self._queue.append(task)
            else:
                task.state = _State.IDLE

    def _next(self):
        with self._mutex:
            while self._queue:
                task = self._queue.pop(0)
                if task.state is _State.QUEUED:
                    task.state = _State.RUNNING
                    return task
        return None

    def block_on(self, fut):
        root = self._task(fut)
        while not root.outcome:
            now = self.now() if self._timers else 0.0
            while self._timers and self._timers[0][0] - now < 1e-6:
                heapq.heappop(self._timers)[2]()
            task = self._next()
            if task is not None:
                self._run(task)
                continue
            if self._timers:
                self._park(max(0.0, self._timers[0][0] - self.now()))
                continue
            with self._mutex:
                hopeless = self._outsiders == 0 and not self._queue
            if hopeless:
                self._end(root, "aborted", None)
                root.future.close()
                raise Deadlock("nobody will wake anybody")
            self._park(None)
        kind, what = root.outcome
        if kind == "panic":
            raise what
        return what

    def _park(self, timeout):
        self.parks += 1
        self.parker.park(timeout)

    @contextlib.contextmanager
    def expect_wake(self):
        with self._mutex:
            self._outsiders += 1
        try:
            yield
        finally:
            with self._mutex:
                self._outsiders -= 1
            self.parker.unpark()


class _Sleep(_Once):
    def __init__(self, seconds):
        self.seconds = seconds
        self.due = None
        self.waker = None
        self.rang = False

    def _step(self, cx):
        self.waker = cx.waker
        if self.due is None:
            self.due = cx.executor.now() + self.seconds
            heapq.heappush(cx.executor._timers, (self.due, next(cx.executor._count), self.ring))
        return Ready(None) if self.rang else PENDING

    def ring(self):
        self.rang = True
        self.waker.wake()


def sleep(seconds):
    return _Sleep(seconds)


class _Driven(_Once):
    def __init__(self, coro):
        self.coro = coro
        self.inner = None

    def _step(self, cx):
        resume = lambda: self.coro.send(None)
        while True:
            if self.inner is not None:
                try:
                    got = self.inner.poll(cx)
                except BaseException as error:
                    resume = lambda error=error: self.coro.throw(error)
                else:
                    if got is PENDING:
                        return PENDING
                    resume = lambda got=got: self.coro.send(got)
            try:
                self.inner = resume()
            except StopIteration as stop:
                return Ready(stop.value)

    def close(self):
        self.coro.close()


def from_coroutine(coro):
    return _Driven(coro)


class YieldNow(_Once):
    def __init__(self):
        self.gave_way = False

    def poll(self, cx):
        return super().poll(cx)

    def _step(self, cx):
        if self.gave_way:
            return Ready(None)
        self.gave_way = True
        cx.waker.wake()
        return PENDING


class OneShotFuture(_Once):
    def __init__(self):
        self.box = []
        self.wakers = []

    def set(self, v):
        self.box.append(v)
        for waker in list(self.wakers):
            waker.wake()

    def poll(self, cx):
        return super().poll(cx)

    def _step(self, cx):
        self.wakers = [cx.waker.clone()]  # first the waker, then the look: who sets meanwhile finds one of the two
        return Ready(self.box[0]) if self.box else PENDING


class _All(_Once):
    def __init__(self, futs):
        self.pending = list(enumerate(futs))
        self.values = {}

    def _step(self, cx):
        try:
            for number, fut in self.pending[:]:
                outcome = fut.poll(cx)
                if outcome is not PENDING:
                    self.values[number] = outcome.value
                    self.pending.remove((number, fut))
        except BaseException:
            self.close()
            raise
        if self.pending:
            return PENDING
        return Ready(tuple(self.values[number] for number in sorted(self.values)))

    def close(self):
        for _, fut in self.pending:
            fut.close()


class _First(_Once):
    def __init__(self, futs):
        self.futs = futs

    def _step(self, cx):
        for number, fut in enumerate(self.futs):
            try:
                outcome = fut.poll(cx)
            except BaseException:
                self.close()
                raise
            if outcome is not PENDING:
                for other in self.futs:
                    if other is not fut:
                        other.close()
                return Ready((number, outcome.value))
        return PENDING

    def close(self):
        for fut in self.futs:
            fut.close()


def join(*futs):
    return _All(futs)


def select(*futs):
    return _First(futs)
