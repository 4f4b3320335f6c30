"""ex03: your own scheduler, with no thread but the one you have."""

from collections.abc import Generator
from typing import Any, Generic, TypeVar

from threadmarks.prelude import Deadlock, JoinError  # noqa: F401  you will need both

T = TypeVar("T")


class TaskHandle(Generic[T]):
    """What `Scheduler.spawn` returns: the place where a task leaves its result."""

    done: bool
    """True once the task has returned or raised."""

    def result(self) -> T:
        """Return what the task returned.

        Raises JoinError(payload) if an exception left the task (payload is that exception), and RuntimeError if the
        task is not done.
        """
        raise NotImplementedError


class Scheduler:
    """Runs many tasks on one thread: each until its next `yield`, one after the other."""

    steps: int
    """How often a task was resumed so far. The resume in which a task ends counts too."""

    current: TaskHandle[Any] | None
    """The handle of the task that is running now; None while no task is running."""

    def __init__(self) -> None:
        raise NotImplementedError

    def spawn(self, gen: Generator[Any, Any, T], name: str | None = None) -> TaskHandle[T]:
        """Put the task behind all tasks that are ready, and return its handle at once. Runs nothing of it."""
        raise NotImplementedError

    def run(self) -> None:
        """Resume the tasks in turn until none is left.

        A task that does `yield` gives way. A task that does `v = yield handle` is resumed when that handle's task is
        done: with its return value, or with JoinError thrown in. Raises Deadlock if only waiting tasks are left.
        """
        raise NotImplementedError
