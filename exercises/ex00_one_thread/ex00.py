"""ex00: one thread unless you ask for more. The statement is in README.md."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Ran(Generic[T]):
    """What one job returned, and the thread that it ran on. This one is complete."""

    value: T
    thread: threading.Thread


def run_in_order(jobs: Sequence[Callable[[], T]]) -> list[Ran[T]]:
    """Call the jobs one after the other, on the thread that called this function, and say where each ran.

    When a job raises, the exception escapes unchanged and the jobs after it are not called.
    """
    raise NotImplementedError


def distinct_threads(rans: Iterable[Ran]) -> int:
    """How many different threads the jobs ran on."""
    raise NotImplementedError


class ThreadCensus:
    """Count the threads that are started while a block runs: `with census: ...`, and then look at `census.created`."""

    created: int
    """Threads started inside the block. Read it after the block."""

    leaked: list[threading.Thread]
    """Of those, the ones that were still alive when the block was left. Read it after the block."""

    def __enter__(self) -> Self:
        """Begin to count. Returns the census itself."""
        raise NotImplementedError

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        """Stop counting and put back what was wrapped, also when the block raised. The exception goes through."""
        raise NotImplementedError


def live_threads() -> int:
    """How many threads are alive right now, the calling one included."""
    raise NotImplementedError
