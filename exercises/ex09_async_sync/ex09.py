"""ex09: waiting tasks. What tasks wait for each other with, on the executor of ex07."""

from collections.abc import Awaitable
from typing import Any, Generic, TypeVar

from ex07 import sleep  # noqa: F401  RateLimiter needs it

from threadmarks.prelude import (  # noqa: F401  you will need most of them
    PENDING,
    Cancelled,
    Clock,
    Context,
    Future,
    Ready,
    RecvError,
    SendError,
)

T = TypeVar("T")


class Guard(Generic[T]):
    """Who has one has the lock."""

    value: T
    """What the mutex guards; to be read and written."""

    def release(self) -> None:
        """Give the lock back. A second time: nothing."""
        raise NotImplementedError


class Permit:
    """Who has one has one of the semaphore's permits, or a read-write lock."""

    def release(self) -> None:
        """Give it back. A second time: nothing."""
        raise NotImplementedError


class Mutex(Generic[T]):
    """A value that one task at a time may have."""

    def __init__(self, value: T) -> None:
        """Free, and with this value inside."""
        raise NotImplementedError

    def lock(self) -> Any:
        """To be awaited, which gives a Guard; or `async with mutex.lock() as guard`, which releases it at the end."""
        raise NotImplementedError


class Semaphore:
    """`n` permits."""

    def __init__(self, n: int) -> None:
        """All are free."""
        raise NotImplementedError

    def acquire(self) -> Any:
        """To be awaited, which gives a Permit; or for `async with`. Raises Cancelled once the semaphore is closed."""
        raise NotImplementedError

    def try_acquire(self) -> Permit | None:
        """A Permit if one is free and nobody waits for it, else None."""
        raise NotImplementedError

    def close(self) -> None:
        """No permit is given out any more: those who wait, and those who come later, get Cancelled."""
        raise NotImplementedError


class Notify:
    """Tells tasks that something has happened. Keeps one permit, if nobody waits."""

    def __init__(self) -> None:
        """Without a permit."""
        raise NotImplementedError

    def notified(self) -> Awaitable[None]:
        """To be awaited: takes the permit, or waits for a notification."""
        raise NotImplementedError

    def notify_one(self) -> None:
        """Wake the task that waits longest; if none waits, keep one permit, however often."""
        raise NotImplementedError

    def notify_waiters(self) -> None:
        """Wake all tasks that wait now. Keeps nothing."""
        raise NotImplementedError


class Barrier:
    """`n` tasks wait for each other, round after round."""

    def __init__(self, n: int) -> None:
        """Nobody has come yet."""
        raise NotImplementedError

    def wait(self) -> Awaitable[bool]:
        """To be awaited: until `n` tasks have come to this round. True for exactly one of them."""
        raise NotImplementedError


class RwLock:
    """Any number of readers, or one writer. First come, first served."""

    def __init__(self) -> None:
        """Free."""
        raise NotImplementedError

    def read(self) -> Any:
        """To be awaited, which gives a Permit; or for `async with`."""
        raise NotImplementedError

    def write(self) -> Any:
        """Likewise; nobody else has the lock then."""
        raise NotImplementedError


class AsyncSender(Generic[T]):
    """The sending end of `amps`."""

    async def send(self, v: T) -> None:
        """Wait for room, and put the value in. Raises SendError(v) once the receiver is closed."""
        raise NotImplementedError

    def close(self) -> None:
        """No more will come."""
        raise NotImplementedError


class AsyncReceiver(Generic[T]):
    """The receiving end of `amps`."""

    async def recv(self) -> T:
        """Wait for the next value, and take it. Raises RecvError when the sender is closed and all was taken."""
        raise NotImplementedError

    def close(self) -> None:
        """Nobody will receive any more."""
        raise NotImplementedError


def amps(capacity: int) -> tuple[AsyncSender[Any], AsyncReceiver[Any]]:
    """A channel between tasks with room for `capacity` values, at least one."""
    raise NotImplementedError


class RateLimiter:
    """Lets tasks through: `burst` at once, and `rate` a second in the long run."""

    def __init__(self, rate: float, burst: int, clock: Clock) -> None:
        """`clock.now()` tells the time; it is the executor's own."""
        raise NotImplementedError

    async def acquire(self) -> None:
        """Wait for one's turn."""
        raise NotImplementedError
