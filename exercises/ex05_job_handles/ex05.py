"""ex05: a thread pool whose jobs can be asked for their results. The statement is in README.md."""

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from threadmarks.prelude import Cancelled, Job, JoinError, PoolClosed  # noqa: F401  # you will raise them

T = TypeVar("T")
X = TypeVar("X")


class JobHandle(Generic[T]):
    """What `Pool.submit` returns: written once by the pool, read by anyone, any number of times."""

    def result(self, timeout: float | None = None) -> T:
        """Wait for the end and return the job's value.

        Raises JoinError if the job panicked, Cancelled if it was cancelled, TimeoutError if `timeout` seconds pass first.
        """
        raise NotImplementedError

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Wait for the end; the exception that left the job, or None. Raises Cancelled and TimeoutError like `result`."""
        raise NotImplementedError

    def done(self) -> bool:
        """Whether it has ended: with a value, with a panic, or cancelled. Never waits."""
        raise NotImplementedError

    def cancel(self) -> bool:
        """Have the job never run. True if it had not started; False, and nothing changes, if it runs or has run."""
        raise NotImplementedError

    def add_done_callback(self, fn: Callable[["JobHandle[T]"], object]) -> None:
        """Call `fn(handle)` once when the handle is done; at once if it is done already."""
        raise NotImplementedError


class Pool:
    """The pool of ex02, with handles. `with Pool(4) as pool: print(pool.submit(sum, [1, 2, 3]).result())`"""

    size: int
    """The number of workers."""

    panics: int
    """How many jobs have ended with an exception so far."""

    unobserved: list[BaseException]
    """After `close`: the exceptions of submitted jobs whose handle nobody asked for its end."""

    def __init__(self, size: int, name: str = "worker") -> None:
        """Start `size` worker threads. Raises ValueError if `size` is below 1. `name` is for the threads' names."""
        raise NotImplementedError

    def submit(self, f: Callable[..., T], *args: Any, **kw: Any) -> JobHandle[T]:
        """Have a worker call `f(*args, **kw)`; the handle tells of its end. Never waits. Raises PoolClosed after `close`."""
        raise NotImplementedError

    def map(self, f: Callable[[X], T], xs: Iterable[X], timeout: float | None = None) -> list[T]:
        """`f` of every x, side by side on the workers; the values in the order of `xs`.

        Raises the JoinError of the first x, in that order, whose job panicked; TimeoutError if `timeout` seconds pass first.
        """
        raise NotImplementedError

    def execute(self, job: Job, *args: Any, **kw: Any) -> None:
        """Have a worker call `job(*args, **kw)`; nobody will ask for its end. Never waits. Raises PoolClosed after `close`."""
        raise NotImplementedError

    def wait_idle(self, timeout: float | None = None) -> bool:
        """Wait until every accepted job has ended. True then; False if `timeout` seconds pass first."""
        raise NotImplementedError

    def close(self, cancel_pending: bool = False) -> None:
        """Refuse new jobs; run those that were accepted, or cancel those that have not started; end the workers."""
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
        """Close the pool; what was accepted runs."""
        raise NotImplementedError
