"""ex13: work stealing. A runtime whose workers have queues of their own, and take from each other's."""

from collections.abc import Coroutine
from typing import Any, Generic, TypeVar

from threadmarks.prelude import (  # noqa: F401  you will need most of them
    PENDING,
    Cancelled,
    Clock,
    Context,
    Future,
    JoinError,
    NoRuntime,
    PolledAfterReady,
    Ready,
    Waker,
)

T = TypeVar("T")


def current_worker() -> int | None:
    """The number of the worker whose thread this is, from 0; None on any other thread."""
    raise NotImplementedError


async def sleep(seconds: float) -> None:
    """Suspend the task for so many seconds, on the clock of the runtime that polls it. Holds no thread."""
    raise NotImplementedError


class WorkerStats:
    """What one worker did so far."""

    polls: int
    """Polls of tasks that it made."""

    local_pushes: int
    """Tasks that were spawned or woken on it, and so were put into its own queue. Stolen ones do not count."""

    steals: int
    """Tasks (not attempts) that it took out of other workers' queues."""

    stolen_from: int
    """Tasks that others took out of its queue; counted before the first of them is polled."""

    parks: int
    """How often it went to sleep."""


class Stats:
    """What the runtime did so far."""

    threads: int
    """How many worker threads it has."""

    polls: int
    """Polls of all workers together."""

    parks: int
    """Parks of all workers together."""

    max_tasks_alive: int
    """The greatest number of tasks so far that had been spawned and had not ended, block_on's included."""

    per_worker: list[WorkerStats]
    """One for each worker, in the order of their numbers."""


class JoinFuture(Future[T], Generic[T]):
    """What `spawn` returns: a future of the task's end."""

    def poll(self, cx: Context) -> Any:
        """`Ready(value)` when the task has returned. Raises JoinError if it panicked, Cancelled if shutdown ended it."""
        raise NotImplementedError


class StealingRuntime:
    """Runs tasks on a fixed number of threads. Each has a queue of its own, and steals when it has nothing to do."""

    stats: Stats
    """To be read at any time."""

    def __init__(self, workers: int = 4, clock: Clock | None = None, seed: int = 0) -> None:
        """Start the workers. `clock.now()` tells the time (default: `time.monotonic`); `seed`: for random victims."""
        raise NotImplementedError

    def spawn(self, fut: Future[T] | Coroutine[Any, Any, T]) -> JoinFuture[T]:
        """Make a task of a future or a coroutine and queue it. From any thread, also from inside a task."""
        raise NotImplementedError

    def block_on(self, fut: Future[T] | Coroutine[Any, Any, T]) -> T:
        """Spawn it, wait on this thread for its end, and return its value or raise the very exception that it raised."""
        raise NotImplementedError

    def shutdown(self) -> None:
        """Let polls that are under way end and begin no other, join the workers, then cancel what has not ended."""
        raise NotImplementedError
