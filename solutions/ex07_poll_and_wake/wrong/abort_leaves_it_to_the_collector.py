# /// wrong
# misconception = "Python closes a coroutine that nobody keeps"
# must_fail = [{ check = "panic_cancel", finding = "dropped-without-cleanup" }]
# ///

import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Generic, TypeVar

from threadmarks.prelude import (
    PENDING,
    Cancelled,
    Clock,
    Context,
    Deadlock,
    Future,
    JoinError,
    Parker,
    PolledAfterReady,
    Ready,
    Waker,
)

T = TypeVar("T")

_current = threading.local()  # .executor: whose block_on runs on this thread


class _Monotonic:
    def now(self) -> float:
        return time.monotonic()


class _ConditionParker:
    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._token = False

    def park(self, timeout: float | None) -> None:
        with self._condition:
            if not self._token:
                self._condition.wait(timeout)
            self._token = False

    def unpark(self) -> None:
        with self._condition:
            self._token = True
            self._condition.notify()


class _Task:
    """A task: its future, whether it stands in the queue, and how it ended."""

    def __init__(self, executor: "Executor", future: Future[Any]) -> None:
        self.executor = executor
        self.future: Future[Any] | None = future  # None: ended
        self.queued = False  # guarded by the executor's lock
        self.value: Any = None
        self.error: BaseException | None = None
        self.watcher: Waker | None = None  # who awaits the handle

    def end(self, value: Any, error: BaseException | None) -> None:
        self.future = None
        self.value, self.error = value, error
        watcher, self.watcher = self.watcher, None
        if watcher is not None:
            watcher.wake()


class _TaskWaker:
    def __init__(self, task: _Task) -> None:
        self.task = task

    def wake(self) -> None:
        self.task.executor._enqueue(self.task)

    def clone(self) -> "_TaskWaker":
        return _TaskWaker(self.task)

    def will_wake(self, other: Waker) -> bool:
        return isinstance(other, _TaskWaker) and other.task is self.task


class _Context:
    def __init__(self, waker: Waker) -> None:
        self.waker = waker


class JoinFuture(Future[T], Generic[T]):
    """What `Executor.spawn` returns: a future of the task's end."""

    def __init__(self, task: _Task) -> None:
        self._task = task
        self._over = False

    def poll(self, cx: Context) -> Any:
        if self._over:
            raise PolledAfterReady("the task's end was already told")
        task = self._task
        if task.future is not None:
            task.watcher = cx.waker.clone()
            return PENDING
        self._over = True
        if task.error is None:
            return Ready(task.value)
        if isinstance(task.error, _Aborted):
            raise Cancelled("the task was aborted")
        raise JoinError(task.error)

    def abort(self) -> None:
        if self._task.future is not None:
            self._task.end(None, _Aborted())


class _Aborted(BaseException):
    """Marks a task that was dropped."""


class Executor:
    polls: int
    parks: int

    def __init__(self, clock: Clock | None = None, parker: Parker | None = None) -> None:
        self._clock = clock or _Monotonic()
        self._parker = parker or _ConditionParker()
        self.polls = 0
        self.parks = 0
        self._lock = threading.Lock()  # guards the next three, and `queued` of every task
        self._ready: deque[_Task] = deque()
        self._expected = 0
        self._parked = False
        self._timers: list[_Timer] = []
        self._numbers = itertools.count()

    def spawn(self, fut: Future[T] | Coroutine[Any, Any, T]) -> JoinFuture[T]:
        task = _Task(self, _as_future(fut))
        self._enqueue(task)
        return JoinFuture(task)

    def block_on(self, fut: Future[T] | Coroutine[Any, Any, T]) -> T:
        handle = self.spawn(fut)
        main = handle._task
        outer = getattr(_current, "executor", None)
        _current.executor = self
        try:
            while main.future is not None:
                self._turn()
        except BaseException:
            handle.abort()
            raise
        finally:
            _current.executor = outer
        if main.error is not None:
            raise main.error
        return main.value

    def expect_wake(self) -> AbstractContextManager[None]:
        return self._expecting()

    @contextmanager
    def _expecting(self) -> Iterator[None]:
        with self._lock:
            self._expected += 1
        try:
            yield
        finally:
            with self._lock:
                self._expected -= 1
                look = self._expected == 0 and self._parked
            if look:
                self._parker.unpark()

    # ---- the loop

    def _turn(self) -> None:
        """Poll the next task, or sleep."""
        timeout = self._fire_timers()
        with self._lock:
            if self._ready:
                task = self._ready.popleft()
                task.queued = False  # from here on a wake queues it again
            elif timeout is None and self._expected == 0:
                raise Deadlock("no task is ready and nobody can wake one")
            else:
                task = None
                self._parked = True  # from here on a wake unparks
        if task is not None:
            self._poll(task)
            return
        self.parks += 1
        self._parker.park(timeout)
        with self._lock:
            self._parked = False

    def _poll(self, task: _Task) -> None:
        if task.future is None:
            return
        self.polls += 1
        try:
            outcome = task.future.poll(_Context(_TaskWaker(task)))
        except BaseException as error:
            task.end(None, error)
        else:
            if isinstance(outcome, Ready):
                task.end(outcome.value, None)

    def _enqueue(self, task: _Task) -> None:
        with self._lock:
            if task.queued or task.future is None:
                return
            task.queued = True
            self._ready.append(task)
            unpark = self._parked
        if unpark:
            self._parker.unpark()

    # ---- timers; on the executor's thread only

    def _fire_timers(self) -> float | None:
        """Wake those that are due; how long until the next one."""
        timers = self._timers
        while timers and timers[0].waker is None:
            heapq.heappop(timers)
        if not timers:
            return None
        now = self._clock.now()
        while timers and (timers[0].waker is None or timers[0].due(now)):
            timer = heapq.heappop(timers)
            if timer.waker is not None:
                timer.waker.wake()
        return timers[0].deadline - now if timers else None


class _Timer:
    def __init__(self, deadline: float, number: int, waker: Waker) -> None:
        self.deadline = deadline
        self.number = number
        self.waker: Waker | None = waker  # None: nobody waits for it any more

    def due(self, now: float) -> bool:
        return now >= self.deadline - 1e-6

    def __lt__(self, other: "_Timer") -> bool:
        return (self.deadline, self.number) < (other.deadline, other.number)


class _Sleep(Future[None]):
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._deadline: float | None = None
        self._timer: _Timer | None = None
        self._over = False

    def poll(self, cx: Context) -> Any:
        if self._over:
            raise PolledAfterReady("this sleep is over")
        executor: Executor = _current.executor
        now = executor._clock.now()
        if self._deadline is None:
            self._deadline = now + self._seconds
        if now >= self._deadline - 1e-6:
            self.close()
            return Ready(None)
        if self._timer is None:
            self._timer = _Timer(self._deadline, next(executor._numbers), cx.waker.clone())
            heapq.heappush(executor._timers, self._timer)
        else:
            self._timer.waker = cx.waker.clone()
        return PENDING

    def close(self) -> None:
        self._over = True
        if self._timer is not None:
            self._timer.waker = None


def sleep(seconds: float) -> Future[None]:
    return _Sleep(seconds)


def _as_future(fut: Any) -> Future[Any]:
    return from_coroutine(fut) if isinstance(fut, Coroutine) else fut


class _CoroutineFuture(Future[T], Generic[T]):
    def __init__(self, coro: Coroutine[Any, Any, T]) -> None:
        self._coro = coro
        self._awaited: Any = None
        self._begun = False
        self._over = False

    def poll(self, cx: Context) -> Any:
        if self._over:
            raise PolledAfterReady("this coroutine has ended")
        try:
            if not self._begun:
                self._begun = True
                self._awaited = self._coro.send(None)
            while True:
                try:
                    outcome = self._awaited.poll(cx)
                except BaseException as error:
                    self._awaited = self._coro.throw(error)
                    continue
                if not isinstance(outcome, Ready):
                    return PENDING
                self._awaited = self._coro.send(outcome)
        except StopIteration as end:
            self._over = True
            return Ready(end.value)
        except BaseException:
            self._over = True
            raise

    def close(self) -> None:
        self._over = True
        self._coro.close()


def from_coroutine(coro: Coroutine[Any, Any, T]) -> Future[T]:
    return _CoroutineFuture(coro)


class YieldNow(Future[None]):
    def __init__(self) -> None:
        self._polls = 0

    def poll(self, cx: Context) -> Any:
        self._polls += 1
        if self._polls == 1:
            cx.waker.wake()
            return PENDING
        if self._polls == 2:
            return Ready(None)
        raise PolledAfterReady("YieldNow is over")


class OneShotFuture(Future[T], Generic[T]):
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set = False
        self._over = False
        self._value: Any = None
        self._waker: Waker | None = None

    def set(self, v: T) -> None:
        with self._lock:
            if self._set:
                raise RuntimeError("a one-shot is set once")
            self._set = True
            self._value = v
            waker, self._waker = self._waker, None
        if waker is not None:
            waker.wake()

    def poll(self, cx: Context) -> Any:
        with self._lock:
            if self._over:
                raise PolledAfterReady("this one-shot is over")
            if not self._set:
                self._waker = cx.waker.clone()
                return PENDING
            self._over = True
            return Ready(self._value)


class _Join(Future[Any]):
    def __init__(self, futs: tuple[Future[Any], ...]) -> None:
        self._open = dict(enumerate(futs))
        self._values: list[Any] = [None] * len(futs)
        self._over = False

    def poll(self, cx: Context) -> Any:
        if self._over:
            raise PolledAfterReady("this join is over")
        for index, fut in list(self._open.items()):
            try:
                outcome = fut.poll(cx)
            except BaseException:
                del self._open[index]
                self.close()
                raise
            if isinstance(outcome, Ready):
                self._values[index] = outcome.value
                del self._open[index]
        if self._open:
            return PENDING
        self._over = True
        return Ready(tuple(self._values))

    def close(self) -> None:
        self._over = True
        while self._open:
            self._open.popitem()[1].close()


class _Select(Future[Any]):
    def __init__(self, futs: tuple[Future[Any], ...]) -> None:
        self._futs = list(futs)
        self._over = False

    def poll(self, cx: Context) -> Any:
        if self._over:
            raise PolledAfterReady("this select is over")
        for index, fut in enumerate(self._futs):
            try:
                outcome = fut.poll(cx)
            except BaseException:
                del self._futs[index]
                self.close()
                raise
            if isinstance(outcome, Ready):
                del self._futs[index]
                self.close()
                return Ready((index, outcome.value))
        return PENDING

    def close(self) -> None:
        self._over = True
        while self._futs:
            self._futs.pop(0).close()


def join(*futs: Future[Any]) -> Future[tuple[Any, ...]]:
    return _Join(futs)


def select(*futs: Future[Any]) -> Future[tuple[int, Any]]:
    return _Select(futs)
