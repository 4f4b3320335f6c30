"""ex09, reference solution: one queue of waiters, and what is given back is handed to the first of them.

Everything runs on one thread, so no lock is needed: nothing happens between two awaits. A waiter is a future in a queue. Who gives
something back hands it to the first waiter *there and then* ("granted") and wakes that one alone. So nobody who comes later
can overtake it, and nobody is woken for nothing. A waiter that is dropped leaves the queue; if it had been granted already, it
passes the grant on.
"""

from collections import deque
from collections.abc import Callable, Generator
from types import TracebackType
from typing import Any, Generic, TypeVar

from ex07 import sleep
from threadmarks.prelude import PENDING, Cancelled, Clock, Context, Future, PolledAfterReady, Ready, RecvError, SendError

T = TypeVar("T")


class _Waiter(Future[Any]):
    """One task that waits in a queue. `enter` is asked at the first poll: is there nothing to wait for?"""

    def __init__(
        self,
        queue: "deque[_Waiter]",
        enter: Callable[[], bool],
        give_back: Callable[[], None],
        gone: Callable[[], None] = lambda: None,
    ) -> None:
        self._queue = queue
        self._enter = enter
        self._give_back = give_back  # what becomes of a grant that nobody came for
        self._gone = gone  # it has left the queue: perhaps it stood in somebody's way
        self.kind = ""
        self.answer: Any = None
        self.error: Exception | None = None
        self._state = "new"
        self._waker: Any = None

    def poll(self, cx: Context) -> Any:
        if self._state == "over":
            raise PolledAfterReady("it has waited already")
        if self._state == "new":
            self._state = "granted" if self._enter() else "waiting"
            if self._state == "waiting":
                self._queue.append(self)
        if self._state == "waiting":
            self._waker = cx.waker.clone()
            return PENDING
        self._state = "over"
        if self.error is not None:
            raise self.error
        return Ready(self.answer)

    def grant(self, answer: Any = None) -> None:
        """Called by who gives back, for the first in the queue, which is taken out of it."""
        self.answer, self._state = answer, "granted"
        self._waker.wake()

    def fail(self, error: Exception) -> None:
        self.error, self._state = error, "granted"
        self._waker.wake()

    def close(self) -> None:
        state, self._state = self._state, "over"
        if state == "waiting":
            self._queue.remove(self)
            self._gone()
        elif state == "granted" and self.error is None:
            self._give_back()


class _Acquire(Generic[T]):
    """What `lock()`, `acquire()`, `read()` and `write()` return: to be awaited, or for `async with`."""

    def __init__(self, waiter: _Waiter, make: Callable[[], T]) -> None:
        self._waiter = waiter
        self._make = make
        self._held: Any = None

    def __await__(self) -> Generator[Any, Any, T]:
        yield from self._waiter.__await__()
        return self._make()

    async def __aenter__(self) -> T:
        self._held = await self
        held: T = self._held
        return held

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._held.release()


class Permit:
    def __init__(self, give_back: Callable[[], None]) -> None:
        self._give_back: Callable[[], None] | None = give_back

    def release(self) -> None:
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            give_back()


class Semaphore:
    def __init__(self, n: int) -> None:
        self._free = n
        self._queue: deque[_Waiter] = deque()
        self._closed = False

    def acquire(self) -> _Acquire[Permit]:
        waiter = _Waiter(self._queue, self._enter, self._give_back)
        return _Acquire(waiter, lambda: Permit(self._give_back))

    def _enter(self) -> bool:
        if self._closed:
            raise Cancelled("the semaphore is closed")
        return self._take()

    def _take(self) -> bool:
        if self._free and not self._queue:  # who waits already comes first
            self._free -= 1
            return True
        return False

    def try_acquire(self) -> Permit | None:
        return Permit(self._give_back) if not self._closed and self._take() else None

    def _give_back(self) -> None:
        if self._queue:
            self._queue.popleft().grant()  # it goes from hand to hand, and is never free in between
        else:
            self._free += 1

    def close(self) -> None:
        self._closed = True
        while self._queue:
            self._queue.popleft().fail(Cancelled("the semaphore was closed"))


class Guard(Generic[T]):
    def __init__(self, mutex: "Mutex[T]", permit: Permit) -> None:
        self._mutex = mutex
        self._permit = permit

    @property
    def value(self) -> T:
        return self._mutex._value

    @value.setter
    def value(self, value: T) -> None:
        self._mutex._value = value

    def release(self) -> None:
        self._permit.release()


class Mutex(Generic[T]):
    """A semaphore of one, with the value that it guards inside."""

    def __init__(self, value: T) -> None:
        self._value = value
        self._semaphore = Semaphore(1)

    def lock(self) -> _Acquire[Guard[T]]:
        acquire = self._semaphore.acquire()
        return _Acquire(acquire._waiter, lambda: Guard(self, acquire._make()))


class Notify:
    def __init__(self) -> None:
        self._permit = False
        self._queue: deque[_Waiter] = deque()

    def notified(self) -> Future[None]:
        return _Waiter(self._queue, self._enter, self.notify_one)

    def _enter(self) -> bool:
        stored, self._permit = self._permit, False
        return stored

    def notify_one(self) -> None:
        if self._queue:
            self._queue.popleft().grant()
        else:
            self._permit = True  # one, however often

    def notify_waiters(self) -> None:
        waiting = list(self._queue)
        self._queue.clear()
        for waiter in waiting:
            waiter._give_back = lambda: None  # all were told: there is nobody to pass it on to, and nothing is kept
            waiter.grant()


class Barrier:
    """Who completes a round lets go exactly those who wait in it: the queue is the generation."""

    def __init__(self, n: int) -> None:
        self._n = n
        self._queue: deque[_Waiter] = deque()

    def wait(self) -> Future[bool]:
        waiter = _Waiter(self._queue, lambda: self._enter(waiter), lambda: None)
        return waiter

    def _enter(self, waiter: _Waiter) -> bool:
        if len(self._queue) + 1 < self._n:
            return False
        while self._queue:
            self._queue.popleft().grant(False)
        waiter.answer = True  # who came last leads
        return True


class RwLock:
    """First come, first served: a reader that comes after a waiting writer waits, so no stream of readers starves it."""

    def __init__(self) -> None:
        self._readers = 0
        self._writing = False
        self._queue: deque[_Waiter] = deque()

    def read(self) -> _Acquire[Permit]:
        return self._acquire("read")

    def write(self) -> _Acquire[Permit]:
        return self._acquire("write")

    def _acquire(self, kind: str) -> _Acquire[Permit]:
        def give_back() -> None:
            self._leave(kind)

        waiter = _Waiter(self._queue, lambda: not self._queue and self._admit(kind), give_back, self._let_in)
        waiter.kind = kind
        return _Acquire(waiter, lambda: Permit(give_back))

    def _admit(self, kind: str) -> bool:
        """Let one in if there is room for its kind."""
        if self._writing or (kind == "write" and self._readers):
            return False
        if kind == "write":
            self._writing = True
        else:
            self._readers += 1
        return True

    def _leave(self, kind: str) -> None:
        if kind == "write":
            self._writing = False
        else:
            self._readers -= 1
        self._let_in()

    def _let_in(self) -> None:
        while self._queue and self._admit(self._queue[0].kind):
            self._queue.popleft().grant()


class _Channel(Generic[T]):
    def __init__(self, capacity: int) -> None:
        self.room = Semaphore(capacity)
        self.items: deque[tuple[T, Permit]] = deque()
        self.arrived = Notify()
        self.sender_closed = False
        self.receiver_closed = False


class AsyncSender(Generic[T]):
    def __init__(self, channel: _Channel[T]) -> None:
        self._channel = channel

    async def send(self, v: T) -> None:
        channel = self._channel
        try:
            permit = await channel.room.acquire()
        except Cancelled:
            raise SendError(v) from None
        channel.items.append((v, permit))
        channel.arrived.notify_one()

    def close(self) -> None:
        self._channel.sender_closed = True
        self._channel.arrived.notify_one()


class AsyncReceiver(Generic[T]):
    def __init__(self, channel: _Channel[T]) -> None:
        self._channel = channel

    async def recv(self) -> T:
        channel = self._channel
        while not channel.items:
            if channel.sender_closed:
                raise RecvError
            await channel.arrived.notified()
        value, permit = channel.items.popleft()
        permit.release()
        return value

    def close(self) -> None:
        self._channel.room.close()


def amps(capacity: int) -> tuple[AsyncSender[Any], AsyncReceiver[Any]]:
    channel: _Channel[Any] = _Channel(capacity)
    return AsyncSender(channel), AsyncReceiver(channel)


class RateLimiter:
    """A bucket of `burst` tokens, filled at `rate` a second. Who finds it empty takes a token of the future, and sleeps until it is due."""

    def __init__(self, rate: float, burst: int, clock: Clock) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._tokens = float(burst)  # may be negative: tokens that are promised
        self._counted_at = clock.now()

    async def acquire(self) -> None:
        now = self._clock.now()
        self._tokens = min(self._burst, self._tokens + (now - self._counted_at) * self._rate)
        self._counted_at = now
        self._tokens -= 1.0
        if self._tokens < 0.0:
            await sleep(-self._tokens / self._rate)
