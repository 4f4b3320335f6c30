"""ex04: sleeping without blocking. A scheduler like ex03's, with timers."""

from collections.abc import Generator, Iterator
from typing import Any, Generic, TypeVar

from threadmarks.prelude import Clock, Deadlock, JoinError  # noqa: F401  you will need all of them

T = TypeVar("T")


class TaskHandle(Generic[T]):
    """What `TimerScheduler.spawn` returns; as in ex03."""

    done: bool
    """True once the task has returned or raised."""

    def result(self) -> T:
        """Return what the task returned; JoinError if it raised; RuntimeError if it is not done."""
        raise NotImplementedError


class TimerScheduler:
    """Runs many tasks on one thread. Tasks can give way, wait for each other, and sleep."""

    steps: int
    """How often a task was resumed so far. The resume in which a task ends counts too."""

    current: TaskHandle[Any] | None
    """The handle of the task that is running now; None while no task is running."""

    def __init__(self, clock: Clock) -> None:
        """`clock.now()` tells the time in seconds (it need not begin at 0); `clock.park(timeout)` lets time pass."""
        raise NotImplementedError

    def spawn(self, gen: Generator[Any, Any, T], name: str | None = None) -> TaskHandle[T]:
        """Put the task behind all tasks that are ready, and return its handle at once. Runs nothing of it."""
        raise NotImplementedError

    def run(self) -> None:
        """Resume tasks until none is left. Parks the clock while nothing is ready and a timer is left.

        Inside a task: `yield` gives way, `v = yield handle` waits for a task, `yield sleep(d)` sleeps. Raises Deadlock
        if only tasks are left that wait for each other, before it would park for ever.
        """
        raise NotImplementedError


def sleep(seconds: float) -> Any:
    """What a task yields in order to sleep: `yield sleep(0.5)`. The time counts from that yield; negative is 0."""
    raise NotImplementedError


def interval(period: float) -> Iterator[Any]:
    """An iterator of what a task yields in order to wait for the next tick: `it = interval(1.0)`, `yield next(it)`.

    The first tick comes at once, tick number k (counted from 0) at the time of the first one + k * period.
    """
    raise NotImplementedError


def timeout(seconds: float, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
    """Run `gen` inside the calling task, but no longer than `seconds`: `v = yield from timeout(1.0, gen)`.

    Returns what `gen` returns and raises what it raises. If the time is over first: ends `gen` (its `finally` blocks
    run) and raises TimeoutError. In each case, no timer is left behind.
    """
    raise NotImplementedError
