"""ex07: poll and wake. An executor, the futures it polls, and the wakers that tell it when."""

from collections.abc import Coroutine
from contextlib import AbstractContextManager
from typing import Any, Generic, TypeVar

from threadmarks.prelude import (  # noqa: F401  you will need all of them
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


class JoinFuture(Future[T], Generic[T]):
    """What `Executor.spawn` returns: a future of the task's end."""

    def poll(self, cx: Context) -> Any:
        """`Ready(value)` when the task has returned. Raises JoinError if it panicked, Cancelled if it was aborted."""
        raise NotImplementedError

    def abort(self) -> None:
        """Drop the task if it has not ended: it is never polled again, and its future is closed. Afterwards: nothing."""
        raise NotImplementedError


class Executor:
    """Polls tasks on the thread that calls `block_on`, each when it was woken, and sleeps while none is."""

    polls: int
    """How often a task was polled so far, the futures given to `block_on` included."""

    parks: int
    """How often the thread was parked so far."""

    def __init__(self, clock: Clock | None = None, parker: Parker | None = None) -> None:
        """`clock.now()` tells the time of `sleep` (default: `time.monotonic`); `parker` is how the thread sleeps.

        The default parker is yours to write, on a `threading.Condition`.
        """
        raise NotImplementedError

    def spawn(self, fut: Future[T] | Coroutine[Any, Any, T]) -> JoinFuture[T]:
        """Make a task of a future or a coroutine. It is polled for the first time in `block_on`, in its turn."""
        raise NotImplementedError

    def block_on(self, fut: Future[T] | Coroutine[Any, Any, T]) -> T:
        """Run tasks until this one is ready; return its value, or raise the very exception that it raised.

        Raises Deadlock when nothing is ready, no timer is left, and no `expect_wake` is open.
        """
        raise NotImplementedError

    def expect_wake(self) -> AbstractContextManager[None]:
        """While it is open, somebody outside may still wake a task: waiting is no deadlock. Closed from any thread."""
        raise NotImplementedError


def sleep(seconds: float) -> Future[None]:
    """Ready when so much time has passed since its first poll, on the clock of the executor that polls it."""
    raise NotImplementedError


def from_coroutine(coro: Coroutine[Any, Any, T]) -> Future[T]:
    """A future that runs a coroutine. Inside, `await` works for any future. `close()` closes the coroutine."""
    raise NotImplementedError


class YieldNow(Future[None]):
    """Pending at its first poll, ready at its second: everybody else who is ready has a turn in between."""

    def __init__(self) -> None:
        """Make one. It can be awaited once."""
        raise NotImplementedError

    def poll(self, cx: Context) -> Any:
        """PENDING once, then `Ready(None)`."""
        raise NotImplementedError


class OneShotFuture(Future[T], Generic[T]):
    """A value that somebody will set, once."""

    def __init__(self) -> None:
        """Make one that is not set."""
        raise NotImplementedError

    def set(self, v: T) -> None:
        """Set the value and wake who waits. From any thread, before or after the first poll."""
        raise NotImplementedError

    def poll(self, cx: Context) -> Any:
        """`Ready(v)` once the value is set."""
        raise NotImplementedError


def join(*futs: Future[Any]) -> Future[tuple[Any, ...]]:
    """Ready with the tuple of all values when all are ready. If one raises, the others are closed and it is raised."""
    raise NotImplementedError


def select(*futs: Future[Any]) -> Future[tuple[int, Any]]:
    """Ready with (index, value) of the first that is ready; the others are closed. What one raises is raised, likewise."""
    raise NotImplementedError
