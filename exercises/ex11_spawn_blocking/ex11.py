"""ex11: a runtime with a blocking pool. What blocks runs on another thread, and its result comes back to the loop's."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from ex07 import Executor, JoinFuture  # noqa: F401  the parts that the runtime is made of
from ex10 import Reactor  # noqa: F401

from threadmarks.prelude import (  # noqa: F401  you will need most of them
    PENDING,
    Cancelled,
    Context,
    Future,
    JoinError,
    PolledAfterReady,
    PoolClosed,
    Ready,
    Waker,
)

T = TypeVar("T")


class Runtime:
    """An Executor that sleeps in a Reactor, and a pool of threads for what blocks."""

    def __init__(self, max_blocking_threads: int = 8) -> None:
        """Make one. Threads are started when blocking calls need them, and never more than `max_blocking_threads`."""
        raise NotImplementedError

    def spawn(self, fut: Future[T] | Coroutine[Any, Any, T]) -> "JoinFuture[T]":
        """Make a task of a future or a coroutine, as ex07's Executor does."""
        raise NotImplementedError

    def block_on(self, fut: Future[T] | Coroutine[Any, Any, T]) -> T:
        """Run tasks until this one is ready, as ex07's Executor does. Waiting for somebody outside is no deadlock."""
        raise NotImplementedError

    def spawn_blocking(self, f: Callable[..., T], *args: Any) -> "JoinFuture[T]":
        """Have `f(*args)` called on a thread of the pool, awaited or not. The future, like ex07's JoinFuture, is of its end.

        Called on the loop's thread. Raises PoolClosed after `shutdown`.
        """
        raise NotImplementedError

    def call_soon_threadsafe(self, fn: Callable[[], object]) -> None:
        """Have `fn()` called soon, on the loop's thread, once. From any thread."""
        raise NotImplementedError

    def shutdown(self, timeout: float | None = None) -> None:
        """Cancel the calls that have not begun, wait for those that run (at most `timeout` seconds), and end the threads."""
        raise NotImplementedError


def find_blockers(run: Callable[[], T], limit: float) -> list[str]:
    """Call `run()`, and tell the names of the tasks of which a single poll took more than `limit` seconds meanwhile."""
    raise NotImplementedError
