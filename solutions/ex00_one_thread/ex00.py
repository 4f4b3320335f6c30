"""ex00, reference solution: ask `threading` who runs, and count threads at the door."""

import functools
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Ran(Generic[T]):
    """What one job returned, and the thread that it ran on."""

    value: T
    thread: threading.Thread


def run_in_order(jobs: Sequence[Callable[[], T]]) -> list[Ran[T]]:
    """Call the jobs one after the other, on the thread that called this function, and say where each ran.

    A plain loop is the whole secret: a call never leaves the thread it is made on. An exception leaves the loop by
    itself, and with it go the jobs that were still to come.
    """
    return [Ran(job(), threading.current_thread()) for job in jobs]


def distinct_threads(rans: Iterable[Ran]) -> int:
    """How many different threads the jobs ran on.

    Threads are told apart by the object. Names may be equal, and the `ident` of a dead thread is given to the next.
    """
    return len({ran.thread for ran in rans})


class ThreadCensus:
    """Count the threads that are started while a block runs."""

    created: int
    leaked: list[threading.Thread]

    def __enter__(self) -> Self:
        """Stand at the door: every thread of the program passes `Thread.start`, of whatever class it is."""
        self._started: list[threading.Thread] = []
        # What is there now, not what Python came with: inside another census this is the outer one's function.
        self._kept = kept = threading.Thread.start
        noted = self._started.append

        @functools.wraps(kept)
        def start_and_note(thread: threading.Thread) -> None:
            kept(thread)
            noted(thread)  # appending to a list is safe from several threads; `count += 1` would not be

        threading.Thread.start = start_and_note  # type: ignore[method-assign]
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the door first, whatever happened; returning None lets the block's exception through."""
        threading.Thread.start = self._kept  # type: ignore[method-assign]
        self.created = len(self._started)
        self.leaked = [thread for thread in self._started if thread.is_alive()]


def live_threads() -> int:
    """How many threads are alive right now, the calling one included."""
    return threading.active_count()
