"""One semaphore with weights below everything: a mutex takes one of one, a reader one of very many, a writer all of them."""

from collections import deque
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Generic, TypeVar

from ex07 import sleep

from threadmarks.prelude import (
    PENDING,
    Cancelled,
    Clock,
    Context,
    Future,
    Ready,
    RecvError,
    SendError,
    Waker,
)

T = TypeVar("T")


class _Turn(Future[Any]):
    """A place in a line. Somebody calls `give`; if it is dropped afterwards and before it was ready, `back` is called."""

    def __init__(self, line: "_Line", kind: Any, back: Callable[[], None]) -> None:
        self.line = line
        self.kind = kind
        self.back = back
        self.waker: Waker | None = None
        self.given = False
        self.taken = False
        self.error: BaseException | None = None
        self.value: Any = None

    def give(self, value: Any = None) -> None:
        self.given, self.value = True, value
        if self.waker is not None:
            self.waker.wake()

    def fail(self, error: BaseException) -> None:
        self.error = error
        if self.waker is not None:
            self.waker.wake()

    def poll(self, cx: Context) -> Any:
        if self.error is not None:
            raise self.error
        if self.given:
            self.taken = True
            return Ready(self.value)
        self.waker = cx.waker.clone()
        return PENDING

    def close(self) -> None:
        if self.given:
            if not self.taken:
                self.taken = True
                self.back()
        else:
            self.line.leave(self)


class _Line:
    """Who waits, first come first."""

    def __init__(self, moved: Callable[[], None]) -> None:
        self.turns: deque[_Turn] = deque()
        self.moved = moved  # the front may have changed

    def leave(self, turn: _Turn) -> None:
        if turn in self.turns:
            self.turns.remove(turn)
            self.moved()


class _Entry:
    """To be awaited, or entered."""

    def __init__(self, acquire: Callable[[], Any]) -> None:
        self._acquire = acquire
        self._got: Any = None

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._acquire().__await__()

    async def __aenter__(self) -> Any:
        self._got = await self._acquire()
        return self._got

    async def __aexit__(self, *_: object) -> None:
        self._got.release()


class Permit:
    def __init__(self, release: Callable[[], None]) -> None:
        self._release: Callable[[], None] | None = release

    def release(self) -> None:
        release, self._release = self._release, None
        if release is not None:
            release()


class _Weighted:
    """A semaphore of which one may take several permits at once."""

    def __init__(self, n: int) -> None:
        self.free = n
        self.closed = False
        self.line = _Line(self.serve)

    def serve(self) -> None:
        turns = self.line.turns
        while turns and turns[0].kind <= self.free:
            turn = turns.popleft()
            self.free -= turn.kind
            turn.give()

    def put(self, weight: int) -> None:
        self.free += weight
        self.serve()

    async def take(self, weight: int) -> None:
        if self.closed:
            raise Cancelled("closed")
        turn = _Turn(self.line, weight, lambda: self.put(weight))
        self.line.turns.append(turn)
        self.serve()
        await turn

    async def permit(self, weight: int) -> Permit:
        await self.take(weight)
        return Permit(lambda: self.put(weight))


class Guard(Generic[T]):
    def __init__(self, mutex: "Mutex[T]") -> None:
        self._mutex = mutex
        self._permit = Permit(lambda: mutex._one.put(1))

    @property
    def value(self) -> T:
        return self._mutex._value

    @value.setter
    def value(self, v: T) -> None:
        self._mutex._value = v

    def release(self) -> None:
        self._permit.release()


class Mutex(Generic[T]):
    def __init__(self, value: T) -> None:
        self._value = value
        self._one = _Weighted(1)

    async def _lock(self) -> Guard[T]:
        await self._one.take(1)
        return Guard(self)

    def lock(self) -> Any:
        return _Entry(self._lock)


class Semaphore:
    def __init__(self, n: int) -> None:
        self._permits = _Weighted(n)

    def acquire(self) -> Any:
        return _Entry(lambda: self._permits.permit(1))

    def try_acquire(self) -> Permit | None:
        permits = self._permits
        if permits.closed or permits.line.turns or permits.free < 1:
            return None
        permits.free -= 1
        return Permit(lambda: permits.put(1))

    def close(self) -> None:
        self._permits.closed = True
        while self._permits.line.turns:
            self._permits.line.turns.popleft().fail(Cancelled("closed"))


class Notify:
    def __init__(self) -> None:
        self._permit = False
        self._line = _Line(lambda: None)

    def notified(self) -> Awaitable[None]:
        return self._notified()

    async def _notified(self) -> None:
        if self._permit:
            self._permit = False
            return
        turn = _Turn(self._line, None, self.notify_one)
        self._line.turns.append(turn)
        await turn

    def notify_one(self) -> None:
        if self._line.turns:
            self._line.turns.popleft().give()
        else:
            self._permit = True

    def notify_waiters(self) -> None:
        turns = self._line.turns
        for _ in range(len(turns)):
            turn = turns.popleft()
            turn.back = lambda: None
            turn.give()


class Barrier:
    def __init__(self, n: int) -> None:
        self._n = n
        self._line = _Line(lambda: None)

    def wait(self) -> Awaitable[bool]:
        return self._wait()

    async def _wait(self) -> bool:
        turns = self._line.turns
        if len(turns) == self._n - 1:
            while turns:
                turns.popleft().give(False)
            return True
        turn = _Turn(self._line, None, lambda: None)
        turns.append(turn)
        return await turn


_ALL = 1 << 40


class RwLock:
    def __init__(self) -> None:
        self._room = _Weighted(_ALL)

    def read(self) -> Any:
        return _Entry(lambda: self._room.permit(1))

    def write(self) -> Any:
        return _Entry(lambda: self._room.permit(_ALL))


class _Channel:
    def __init__(self, capacity: int) -> None:
        self.room = Semaphore(capacity)
        self.values: deque[Any] = deque()  # (value, permit)
        self.there = Semaphore(0)  # a permit for each value
        self.sender_closed = False
        self.receiver_closed = False


class AsyncSender(Generic[T]):
    def __init__(self, channel: _Channel) -> None:
        self._channel = channel

    async def send(self, v: T) -> None:
        channel = self._channel
        try:
            await channel.room._permits.take(1)
        except Cancelled:
            raise SendError(v) from None
        if channel.receiver_closed:
            raise SendError(v)
        channel.values.append(v)
        channel.there._permits.put(1)

    def close(self) -> None:
        channel = self._channel
        channel.sender_closed = True
        if not channel.values:
            channel.there.close()


class AsyncReceiver(Generic[T]):
    def __init__(self, channel: _Channel) -> None:
        self._channel = channel

    async def recv(self) -> T:
        channel = self._channel
        try:
            await channel.there._permits.take(1)
        except Cancelled:
            raise RecvError from None
        value = channel.values.popleft()
        channel.room._permits.put(1)
        if channel.sender_closed and not channel.values:
            channel.there.close()
        return value

    def close(self) -> None:
        channel = self._channel
        channel.receiver_closed = True
        channel.values.clear()
        channel.room.close()


def amps(capacity: int) -> tuple[AsyncSender[Any], AsyncReceiver[Any]]:
    channel = _Channel(capacity)
    return AsyncSender(channel), AsyncReceiver(channel)


class RateLimiter:
    """Counts in time: `_full_at` is when the bucket will be full again; each token moves it on by 1/rate."""

    def __init__(self, rate: float, burst: int, clock: Clock) -> None:
        self._interval = 1 / rate
        self._burst = burst
        self._clock = clock
        self._full_at = clock.now()

    async def acquire(self) -> None:
        now = self._clock.now()
        self._full_at = max(self._full_at, now) + self._interval
        wait = self._full_at - self._burst * self._interval - now
        if wait > 0:
            await sleep(wait)
