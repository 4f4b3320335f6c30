# /// wrong
# misconception = "The flag first, then what it stands for"
# must_fail = [{ check = "wake_before_park", finding = "wrong-value" }]
# may_fail = ["wake_other_thread"]
# ///

import heapq
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from itertools import count
from typing import Any, Generic, TypeVar

from threadmarks.prelude import (
    PENDING,
    Cancelled,
    Clock,
    Context,
    Deadlock,
    Future,
    JoinError,
    NoRuntime,
    Parker,
    PolledAfterReady,
    Ready,
    Waker,
)

T = TypeVar("T")
DUE_S = 1e-6  # a deadline this near is due: clocks are floating point


class _SystemClock:
    """The default clock."""

    def now(self) -> float:
        return time.monotonic()

    def park(self, timeout: float | None) -> None:
        raise RuntimeError("an executor sleeps through its parker")


class _ConditionParker:
    """The default parker: a permit behind a condition. The permit is what makes an early `unpark` count."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._permit = False

    def park(self, timeout: float | None) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._permit, timeout)
            self._permit = False

    def unpark(self) -> None:
        with self._changed:
            self._permit = True
            self._changed.notify()


class _Task:
    """A future that was handed to the executor; also the waker and the context of its polls."""

    def __init__(self, executor: "Executor", future: Any) -> None:
        self.executor = executor
        self.future = future
        self.queued = False  # guarded by the executor's lock
        self.over = False
        self.value: Any = None
        self.panic: BaseException | None = None
        self.cancelled = False
        self.joiner: Waker | None = None  # who waits for the end; only the last one counts

    @property
    def waker(self) -> Waker:
        return self

    def wake(self) -> None:
        self.executor._queue(self)

    def clone(self) -> Waker:
        return self

    def will_wake(self, other: Waker) -> bool:
        return other is self

    def poll_once(self) -> None:
        try:
            outcome = self.future.poll(self)
        except BaseException as error:  # SystemExit, too, ends this task and no other
            self.finish(panic=error)
        else:
            if outcome is not PENDING:
                self.finish(value=outcome.value)

    def drop(self) -> None:
        """Give up on the future; its `finally` blocks run."""
        if not self.over:
            future = self.future
            self.finish(cancelled=True)
            future.close()

    def finish(self, value: Any = None, panic: BaseException | None = None, *, cancelled: bool = False) -> None:
        self.value, self.panic, self.cancelled, self.over = value, panic, cancelled, True
        self.future = None
        if self.joiner is not None:
            self.joiner.wake()


class JoinFuture(Future[T], Generic[T]):
    """The end of a spawned task."""

    def __init__(self, task: _Task) -> None:
        self._task = task
        self._told = False

    def poll(self, cx: Context) -> Any:
        if self._told:
            raise PolledAfterReady("this task's end was told already")
        task = self._task
        if not task.over:
            task.joiner = cx.waker.clone()
            return PENDING
        self._told = True
        if task.cancelled:
            raise Cancelled("the task was aborted")
        if task.panic is not None:
            raise JoinError(task.panic)
        return Ready(task.value)

    def abort(self) -> None:
        self._task.drop()


_polling = threading.local()  # .executor: the one whose task this thread is polling


class Executor:
    """Polls tasks that were woken, on the thread that calls block_on; parks that thread while there is none."""

    def __init__(self, clock: Clock | None = None, parker: Parker | None = None) -> None:
        self._clock: Clock = _SystemClock() if clock is None else clock
        self._parker: Parker = _ConditionParker() if parker is None else parker
        self._lock = threading.Lock()
        self._ready: deque[_Task] = deque()
        self._expected = 0  # how many outsiders may still wake somebody
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()  # breaks ties between equal deadlines
        self.polls = 0
        self.parks = 0

    def spawn(self, fut: Any) -> JoinFuture[Any]:
        return JoinFuture(self._start(fut))

    def block_on(self, fut: Any) -> Any:
        root = self._start(fut)
        while not root.over:
            self._fire_timers()
            if not self._poll_all_ready(root):
                try:
                    self._sleep()
                except Deadlock:
                    root.drop()
                    raise
        if root.panic is not None:
            raise root.panic
        return root.value

    @contextmanager
    def expect_wake(self) -> Generator[None, None, None]:
        with self._lock:
            self._expected += 1
        try:
            yield
        finally:
            with self._lock:
                self._expected -= 1
            self._parker.unpark()  # it has to look again: perhaps nobody is left who could wake it

    # ---- inside

    def _start(self, fut: Any) -> _Task:
        task = _Task(self, fut if hasattr(fut, "poll") else from_coroutine(fut))
        self._queue(task)
        return task

    def _queue(self, task: _Task) -> None:
        """What waking is. From any thread."""
        with self._lock:
            if task.queued or task.over:
                return
            task.queued = True
            self._ready.append(task)
        self._parker.unpark()

    def _poll_all_ready(self, root: _Task) -> bool:
        """One round: those that are ready now. Who becomes ready meanwhile has its turn in the next."""
        turns = len(self._ready)
        for _ in range(turns):
            if root.over:
                break  # the others keep their place for the next block_on
            with self._lock:
                task = self._ready.popleft()
                task.queued = False  # from here on a wake counts again
            if not task.over:
                self._poll(task)
        return turns > 0

    def _poll(self, task: _Task) -> None:
        self.polls += 1
        outer = getattr(_polling, "executor", None)
        _polling.executor = self
        try:
            task.poll_once()
        finally:
            _polling.executor = outer

    def _sleep(self) -> None:
        timeout = self._timers[0][0] - self._clock.now() if self._timers else None
        if timeout is None:
            with self._lock:  # both at once: whoever wakes and then says "no more" must be seen whole
                if not self._ready and not self._expected:
                    raise Deadlock("every task is pending, and nobody is left to wake one")
        elif timeout <= DUE_S:
            return
        self.parks += 1
        self._parker.park(timeout)  # an unpark since the last park makes it return at once

    def _at(self, deadline: float, ring: Callable[[], None]) -> None:
        heapq.heappush(self._timers, (deadline, next(self._numbers), ring))

    def _fire_timers(self) -> None:
        if self._timers:
            now = self._clock.now()
            while self._timers and self._timers[0][0] <= now + DUE_S:
                heapq.heappop(self._timers)[2]()


class _Sleep(Future[None]):
    """Done when its deadline has passed. The deadline counts from the first poll."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._set = False
        self._rung = False
        self._over = False
        self._waker: Waker | None = None

    def poll(self, cx: Context) -> Any:
        if self._over:
            raise PolledAfterReady("this sleep is over")
        self._waker = cx.waker.clone()  # the last one who polls is the one who waits
        if not self._set:
            executor = getattr(_polling, "executor", None)
            if executor is None:
                raise NoRuntime("sleep needs an executor that polls it")
            self._set = True
            executor._at(executor._clock.now() + max(0.0, self._seconds), self._ring)
        if not self._rung:
            return PENDING
        self._over = True
        return Ready(None)

    def _ring(self) -> None:
        self._rung = True
        if self._waker is not None:
            self._waker.wake()

    def close(self) -> None:
        self._waker = None


def sleep(seconds: float) -> Future[None]:
    return _Sleep(seconds)


class _CoroutineFuture(Future[T], Generic[T]):
    """A coroutine is a future that polls what it awaits."""

    def __init__(self, coro: Coroutine[Any, Any, T]) -> None:
        self._coro = coro
        self._awaited: Any = None  # what the coroutine waits for; None before its first step
        self._over = False

    def poll(self, cx: Context) -> Any:
        if self._over:
            raise PolledAfterReady("this coroutine has ended")
        outcome: Any = None
        while True:
            error: BaseException | None = None
            if self._awaited is not None:
                try:
                    outcome = self._awaited.poll(cx)
                except BaseException as raised:  # it belongs to the coroutine, which may catch it
                    error = raised
                else:
                    if outcome is PENDING:
                        return PENDING
            try:
                self._awaited = self._coro.send(outcome) if error is None else self._coro.throw(error)
            except StopIteration as stop:
                self._over = True
                return Ready(stop.value)
            except BaseException:
                self._over = True
                raise

    def close(self) -> None:
        self._over = True
        self._coro.close()  # its `finally` blocks run


def from_coroutine(coro: Coroutine[Any, Any, T]) -> Future[T]:
    return _CoroutineFuture(coro)


class YieldNow(Future[None]):
    """Pending once, and awake again at once: the others have their turn first."""

    def __init__(self) -> None:
        self._polls = 0

    def poll(self, cx: Context) -> Any:
        self._polls += 1
        if self._polls == 1:
            cx.waker.wake()
            return PENDING
        if self._polls > 2:
            raise PolledAfterReady("it has given way already")
        return Ready(None)


class OneShotFuture(Future[T], Generic[T]):
    """A value that somebody sets, once, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set = False
        self._value: Any = None
        self._told = False
        self._waker: Waker | None = None

    def set(self, v: T) -> None:
        self._set = True
        self._value = v
        with self._lock:
            waker = self._waker
        if waker is not None:
            waker.wake()

    def poll(self, cx: Context) -> Any:
        with self._lock:  # looking and leaving the waker are one step, or a `set` in between wakes nobody
            if self._told:
                raise PolledAfterReady("the value was taken already")
            if not self._set:
                self._waker = cx.waker.clone()
                return PENDING
            self._told = True
            return Ready(self._value)


class _Several(Future[Any]):
    """What join and select share: parts, polled in order with the one waker there is."""

    def __init__(self, futs: tuple[Future[Any], ...]) -> None:
        self._waiting = dict(enumerate(futs))  # those that are not ready
        self._over = False

    def poll(self, cx: Context) -> Any:
        if self._over:
            raise PolledAfterReady("it is over")
        try:
            outcome = self._poll_parts(cx)
        except BaseException:
            self.close()
            raise
        if outcome is not PENDING:
            self.close()
        return outcome

    def _poll_parts(self, cx: Context) -> Any:
        raise NotImplementedError

    def close(self) -> None:
        self._over = True
        while self._waiting:
            self._waiting.popitem()[1].close()


class _Join(_Several):
    def __init__(self, futs: tuple[Future[Any], ...]) -> None:
        super().__init__(futs)
        self._values = [None] * len(futs)

    def _poll_parts(self, cx: Context) -> Any:
        for number, part in list(self._waiting.items()):
            outcome = part.poll(cx)
            if outcome is not PENDING:
                self._values[number] = outcome.value
                del self._waiting[number]  # never to be polled again
        return PENDING if self._waiting else Ready(tuple(self._values))


class _Select(_Several):
    def _poll_parts(self, cx: Context) -> Any:
        for number, part in list(self._waiting.items()):
            outcome = part.poll(cx)
            if outcome is not PENDING:
                del self._waiting[number]
                return Ready((number, outcome.value))
        return PENDING


def join(*futs: Future[Any]) -> Future[tuple[Any, ...]]:
    return _Join(futs)


def select(*futs: Future[Any]) -> Future[tuple[int, Any]]:
    return _Select(futs)
