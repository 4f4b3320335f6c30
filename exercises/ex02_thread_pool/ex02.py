"""ex02: a thread pool with pre-created workers. The statement is in README.md."""

from types import TracebackType
from typing import Any, Self

from threadmarks.prelude import Job, PoolClosed  # noqa: F401  # you will raise PoolClosed


class ThreadPool:
    """A fixed number of worker threads, started once, that run every job.

    `with ThreadPool(4) as pool: pool.execute(print, "hello from a worker")`
    """

    size: int
    """The number of workers."""

    panics: int
    """How many jobs have ended with an exception so far."""

    def __init__(self, size: int, name: str = "worker") -> None:
        """Start `size` worker threads. Raises ValueError if `size` is below 1. `name` is for the threads' names."""
        raise NotImplementedError

    def execute(self, job: Job, *args: Any, **kw: Any) -> None:
        """Have a worker call `job(*args, **kw)` some time soon. Never waits. Raises PoolClosed after `close`."""
        raise NotImplementedError

    def wait_idle(self, timeout: float | None = None) -> bool:
        """Wait until every accepted job has ended. True then; False if `timeout` seconds pass first."""
        raise NotImplementedError

    def close(self) -> None:
        """Refuse new jobs, run those that were accepted, and wait until the workers have ended. Again: does nothing."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        """Returns the pool itself."""
        raise NotImplementedError

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        """Close the pool."""
        raise NotImplementedError
