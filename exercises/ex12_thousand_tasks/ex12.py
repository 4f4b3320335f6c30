"""ex12: many tasks, few threads. The statement is in README.md."""

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from threadmarks.prelude import (  # noqa: F401  you will need most of them
    PENDING,
    Cancelled,
    Clock,
    Context,
    Future,
    JoinError,
    Ready,
    Waker,
)

T = TypeVar("T")


class Stats:
    """What a runtime has counted so far."""

    threads: int
    """Threads that it has started."""

    polls: int
    """Polls of tasks."""

    parks: int
    """How often a worker went to sleep because nothing was ready."""

    max_tasks_alive: int
    """The most tasks that were there at once: spawned, and not ended."""


class JoinFuture(Future[T], Generic[T]):
    """What `MultiRuntime.spawn` returns: a future of the task's end. One task awaits it, whichever; or none does."""

    def poll(self, cx: Context) -> Any:
        """`Ready(value)` when the task has returned. Raises JoinError if it panicked, Cancelled if it was dropped."""
        raise NotImplementedError


class MultiRuntime:
    """`workers` threads, started once, that poll tasks from one queue."""

    stats: Stats
    """The counts; `stats.polls` and its like can be read at any time."""

    def __init__(self, workers: int = 4, clock: Clock | None = None) -> None:
        """Start the worker threads. `clock.now()` tells the time of `sleep` (default: `time.monotonic`)."""
        raise NotImplementedError

    def spawn(self, coro: Coroutine[Any, Any, T]) -> JoinFuture[T]:
        """Make a task of a coroutine; a worker polls it soon. From any thread, a worker's too."""
        raise NotImplementedError

    def block_on(self, coro: Coroutine[Any, Any, T]) -> T:
        """Run the coroutine to its end, and return its value or raise the very exception that it raised.

        The calling thread waits meanwhile. It may poll this coroutine itself, but no other task.
        """
        raise NotImplementedError

    def shutdown(self) -> None:
        """Let each worker finish the poll it is in, end all workers, then drop every task that has not ended."""
        raise NotImplementedError


async def sleep(seconds: float) -> None:
    """Wait so many seconds, on the clock of the runtime whose worker polls it, and hold up nobody."""
    raise NotImplementedError


@dataclass
class Report:
    """What one half of `compare` measured."""

    n: int
    """How many jobs there were."""

    threads: int
    """How many threads were started for them."""

    elapsed: float
    """Seconds from before the first was started until after the last had ended."""

    total: int
    """The sum of what the jobs returned."""


def compare(n: int, seconds: float) -> tuple[Report, Report]:
    """Run n jobs twice: as tasks of a MultiRuntime with 4 workers, then each on an OS thread of its own.

    Job number i sleeps `seconds` and returns i (0 is the first). No thread is left afterwards.
    """
    raise NotImplementedError
