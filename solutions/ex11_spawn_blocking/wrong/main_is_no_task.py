# /// wrong
# misconception = "block_on's own coroutine is the program, not a task"
# must_fail = [{ check = "find_blockers", finding = "blocker-not-found" }]
# ///

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from ex07 import Executor, JoinFuture, from_coroutine
from ex10 import Reactor

from threadmarks.prelude import PENDING, Cancelled, Context, Future, JoinError, PolledAfterReady, PoolClosed, Ready, Waker

T = TypeVar("T")
Letter = Callable[[], object]


class _Mailbox(Future[None]):
    """Functions that other threads want called on the loop's. A task polls it, for ever."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._letters: list[Letter] = []
        self._waker: Waker | None = None  # None until its first poll, which comes by itself

    def post(self, letter: Letter) -> None:
        with self._lock:
            self._letters.append(letter)
            waker = self._waker
        if waker is not None:
            waker.wake()  # the loop may be asleep

    def poll(self, cx: Context) -> Any:
        with self._lock:  # a letter that comes after this wakes the task once more
            self._waker = cx.waker.clone()
            letters, self._letters = self._letters, []
        for letter in letters:
            try:
                letter()
            except BaseException:  # the next letter is somebody else's
                traceback.print_exc()
        return PENDING


class _Handle(Future[T], Generic[T]):
    """The end of a blocking call. Only the loop's thread touches it."""

    def __init__(self) -> None:
        self._end: Callable[[], Ready[T]] | None = None
        self._waker: Waker | None = None
        self._told = False

    def finish(self, end: Callable[[], Ready[T]]) -> None:
        """The first end counts: what comes after an `abort` interests nobody."""
        if self._end is None:
            self._end = end
            if self._waker is not None:
                self._waker.wake()

    def poll(self, cx: Context) -> Any:
        if self._told:
            raise PolledAfterReady("this call's end was told already")
        if self._end is None:
            self._waker = cx.waker.clone()  # the last one who polls is the one who waits
            return PENDING
        self._told = True
        return self._end()

    def abort(self) -> None:
        self.finish(_cancelled)


def _returned(value: T) -> Callable[[], Ready[T]]:
    return lambda: Ready(value)


def _panicked(error: BaseException) -> Callable[[], Any]:
    def end() -> Any:
        raise JoinError(error)

    return end


def _cancelled() -> Any:
    raise Cancelled("nobody wants it any more, or it never began")


class _Call:
    """A function and its arguments, on the way to a worker."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], post: Callable[[Letter], None]) -> None:
        self.handle: _Handle[Any] = _Handle()
        self._function = function
        self._args = args
        self._post = post

    def run(self) -> None:
        """On a worker."""
        try:
            end = _returned(self._function(*self._args))
        except BaseException as error:  # SystemExit, too: the thread belongs to the pool, and goes on
            end = _panicked(error)
        self._post(lambda: self.handle.finish(end))


class _BlockingPool:
    """Threads that are started when a call finds none idle, up to a cap. Beyond that calls wait in a queue."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._changed = threading.Condition()
        self._calls: deque[_Call] = deque()
        self._threads: list[threading.Thread] = []
        self._idle = 0  # threads that wait in `_next`; those that were notified and have not yet got up are among them
        self._closed = False

    def submit(self, call: _Call) -> None:
        with self._changed:
            if self._closed:
                raise PoolClosed("this runtime was shut down")
            self._calls.append(call)
            # Each call in the queue needs an idle thread of its own: "is anybody idle?" would count one thread twice.
            if len(self._calls) > self._idle and len(self._threads) < self._cap:
                self._threads.append(threading.Thread(target=self._work, daemon=True))
                self._threads[-1].start()
            else:
                self._changed.notify()

    def close(self, timeout: float | None) -> list[_Call]:
        """End the threads; wait for them at most `timeout` seconds. Gives the calls that will never begin."""
        with self._changed:
            self._closed = True
            left, self._calls = list(self._calls), deque()
            self._changed.notify_all()
        deadline = None if timeout is None else time.monotonic() + timeout
        for thread in self._threads:
            thread.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
        return left

    def _work(self) -> None:
        while (call := self._next()) is not None:
            call.run()
            del call  # or an idle thread keeps alive what its last call has used

    def _next(self) -> _Call | None:
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: self._calls or self._closed)
            self._idle -= 1
            return self._calls.popleft() if self._calls else None


class Runtime:
    def __init__(self, max_blocking_threads: int = 8) -> None:
        self._executor = Executor(parker=Reactor())
        self._outside = self._executor.expect_wake()  # kept, or it would be closed
        self._outside.__enter__()  # for good: a letter may always come
        self._mailbox = _Mailbox()
        self._executor.spawn(self._mailbox)
        self._pool = _BlockingPool(max_blocking_threads)

    def spawn(self, fut: Future[T] | Coroutine[Any, Any, T]) -> "JoinFuture[T]":
        return self._executor.spawn(_Timed(fut))

    def block_on(self, fut: Future[T] | Coroutine[Any, Any, T]) -> T:
        return self._executor.block_on(fut)

    def spawn_blocking(self, f: Callable[..., T], *args: Any) -> "JoinFuture[T]":
        call = _Call(f, args, self._mailbox.post)
        self._pool.submit(call)
        return call.handle  # type: ignore[return-value]  # it is like one

    def call_soon_threadsafe(self, fn: Callable[[], object]) -> None:
        self._mailbox.post(fn)

    def shutdown(self, timeout: float | None = None) -> None:
        for call in self._pool.close(timeout):
            call.handle.finish(_cancelled)


_observers: list[Callable[[str, float], None]] = []  # each is told a task's name and how long a poll of it took


class _Timed(Future[T], Generic[T]):
    """A task's future whose polls are timed. From one poll to the next its thread belongs to others; that is not counted."""

    def __init__(self, fut: Any) -> None:
        self._name = getattr(fut, "__name__", type(fut).__name__)
        self._future: Future[T] = fut if hasattr(fut, "poll") else from_coroutine(fut)

    def poll(self, cx: Context) -> Any:
        begin = time.monotonic()
        try:
            return self._future.poll(cx)
        finally:
            took = time.monotonic() - begin
            for tell in _observers:
                tell(self._name, took)

    def close(self) -> None:
        self._future.close()


def find_blockers(run: Callable[[], T], limit: float) -> list[str]:
    found: dict[str, float] = {}

    def tell(name: str, took: float) -> None:
        if took > limit:
            found.setdefault(name, took)

    _observers.append(tell)
    try:
        run()
    finally:
        _observers.remove(tell)
    return list(found)
