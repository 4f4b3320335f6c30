"""ex07: a future is a function that polls, in a wrapper; the queue is a SimpleQueue, and a lock that nobody waits for is the mark."""

import bisect
import queue
import threading
import time
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace

from threadmarks.prelude import PENDING, Cancelled, Deadlock, Future, JoinError, PolledAfterReady, Ready

here = threading.local()


class Fun(Future):
    """`Fun(poll, drop)`."""

    def __init__(self, poll, drop=lambda: None):
        self._poll, self._drop = poll, drop

    def poll(self, cx):
        got = self._poll(cx)
        if got is not PENDING:
            self._poll = over
        return got

    def close(self):
        self._drop()


def over(cx):
    raise PolledAfterReady


class Executor:
    def __init__(self, clock=None, parker=None):
        self.time = clock.now if clock else time.monotonic
        self.parker = parker or Parking()
        self.woken = queue.SimpleQueue()
        self.alarms = []
        self.outside = []
        self.polls = 0
        self.parks = 0

    def spawn(self, fut):
        return JoinFuture(Task(self, fut))

    def block_on(self, fut):
        task = Task(self, fut)
        while task.end is None:
            if not self.turn():
                self.rest(task)
        how, what = task.end
        if how == "raised":
            raise what
        return what

    def turn(self):
        if self.alarms:
            now = self.time() + 1e-6
            while self.alarms and self.alarms[0].at <= now:
                self.alarms.pop(0).ring()
        try:
            task = self.woken.get_nowait()
        except queue.Empty:
            return False
        task.mark.release()
        if task.end is None:
            self.polls += 1
            before, here.executor = getattr(here, "executor", None), self
            try:
                task.poll()
            finally:
                here.executor = before
        return True

    def rest(self, root):
        seconds = None
        if self.alarms:
            seconds = max(self.alarms[0].at - self.time(), 0.0)
        elif not self.outside and self.woken.empty():  # in this order: who leaves has woken before
            root.drop()
            raise Deadlock
        self.parks += 1
        self.parker.park(seconds)

    @contextmanager
    def expect_wake(self):
        self.outside.append(None)
        try:
            yield
        finally:
            self.outside.pop()
            self.parker.unpark()


class Parking:
    def __init__(self):
        self.token = threading.Semaphore(0)

    def park(self, timeout):
        self.token.acquire(timeout=timeout)
        while self.token.acquire(blocking=False):
            pass

    def unpark(self):
        self.token.release()


class Task:
    def __init__(self, executor, fut):
        self.executor = executor
        self.fut = fut if isinstance(fut, Future) else from_coroutine(fut)
        self.mark = threading.Lock()
        self.end = None
        self.listener = None
        self.waker = Waker(self)
        self.waker.wake()

    def poll(self):
        try:
            got = self.fut.poll(self)
        except BaseException as error:
            self.finish("raised", error)
        else:
            if got is not PENDING:
                self.finish("returned", got.value)

    def finish(self, how, what):
        if self.end is None:
            self.end = how, what
            if self.listener:
                self.listener.wake()

    def drop(self):
        if self.end is None:
            self.finish("dropped", None)
            self.fut.close()


class Waker:
    def __init__(self, task):
        self.task = task

    def wake(self):
        task = self.task
        if task.end is None and task.mark.acquire(blocking=False):
            task.executor.woken.put(task)
        task.executor.parker.unpark()

    def clone(self):
        return Waker(self.task)

    def will_wake(self, other):
        return self.task is other.task


class JoinFuture(Future):
    def __init__(self, task):
        self.task = task
        self.inner = Fun(self.look)

    def poll(self, cx):
        return self.inner.poll(cx)

    def look(self, cx):
        if self.task.end is None:
            self.task.listener = cx.waker
            return PENDING
        how, what = self.task.end
        self.inner._poll = over
        if how == "raised":
            raise JoinError(what)
        if how == "dropped":
            raise Cancelled
        return Ready(what)

    def abort(self):
        self.task.drop()


def sleep(seconds):
    alarm = SimpleNamespace(at=None, rung=False, waker=None)

    def ring():
        alarm.rung = True
        alarm.waker.wake()

    def poll(cx):
        alarm.waker = cx.waker
        if alarm.at is None:
            executor = here.executor
            alarm.at, alarm.ring = executor.time() + seconds, ring
            bisect.insort(executor.alarms, alarm, key=lambda each: each.at)
        return Ready(None) if alarm.rung else PENDING

    return Fun(poll)


def from_coroutine(coro):
    step, argument, waits_for = coro.send, None, None

    def poll(cx):
        nonlocal step, argument, waits_for
        while True:
            if waits_for is not None:
                try:
                    argument = waits_for.poll(cx)
                    if argument is PENDING:
                        return PENDING
                    step = coro.send
                except BaseException as error:
                    step, argument = coro.throw, error
            try:
                waits_for = step(argument)
            except StopIteration as stop:
                return Ready(stop.value)

    return Fun(poll, coro.close)


class YieldNow(Future):
    def __init__(self):
        self.rest = iter([PENDING, Ready(None)])

    def poll(self, cx):
        got = next(self.rest, None)
        if got is None:
            raise PolledAfterReady
        if got is PENDING:
            cx.waker.wake()
        return got


class OneShotFuture(Future):
    def __init__(self):
        self.changing = threading.Condition()
        self.content = []
        self.taken = False
        self.waker = None

    def set(self, v):
        with self.changing:
            self.content.append(v)
            if self.waker:
                self.waker.wake()

    def poll(self, cx):
        with self.changing:
            if self.taken:
                raise PolledAfterReady
            self.waker = cx.waker
            if not self.content:
                return PENDING
            self.taken = True
            return Ready(self.content[0])


def closing(futs):
    with ExitStack() as stack:
        for fut in futs:
            stack.callback(fut.close)


def join(*futs):
    values = {}

    def poll(cx):
        for number, fut in enumerate(futs):
            if number not in values:
                try:
                    got = fut.poll(cx)
                except BaseException:
                    closing(other for other in futs if other is not fut)
                    raise
                if isinstance(got, Ready):
                    values[number] = got.value
        return Ready(tuple(values[number] for number in range(len(futs)))) if len(values) == len(futs) else PENDING

    return Fun(poll, lambda: closing(futs))


def select(*futs):
    def poll(cx):
        for number, fut in enumerate(futs):
            try:
                got = fut.poll(cx)
            except BaseException:
                closing(other for other in futs if other is not fut)
                raise
            if isinstance(got, Ready):
                closing(other for other in futs if other is not fut)
                return Ready((number, got.value))
        return PENDING

    return Fun(poll, lambda: closing(futs))
