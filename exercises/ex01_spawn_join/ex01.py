"""ex01: spawn and join. The statement is in README.md."""

import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from threadmarks.prelude import AlreadyJoined, JoinError  # noqa: F401  # you will raise them

T = TypeVar("T")


def spawn(f: Callable[..., T], *args: Any, name: str | None = None, **kw: Any) -> "JoinHandle[T]":
    """Run `f(*args, **kw)` on a new thread, called `name` if given, and return its handle at once.

    The thread does not keep the program alive: one that nobody joins is cut off when the program ends.
    """
    raise NotImplementedError


class JoinHandle(Generic[T]):
    """The right to collect, once, what a thread returned or the exception that ended it."""

    thread: threading.Thread
    """The thread that runs the closure."""

    def join(self, timeout: float | None = None) -> T:
        """Wait for the thread and return what its closure returned. Consumes the handle.

        Raises JoinError(e) if the closure raised `e` (this consumes the handle too); TimeoutError if the thread has
        not ended after `timeout` seconds (the handle stays usable); AlreadyJoined if the handle is consumed;
        RuntimeError if the thread tries to join itself.
        """
        raise NotImplementedError

    def is_finished(self) -> bool:
        """Whether the thread has ended. Never waits."""
        raise NotImplementedError


def join_all(handles: Iterable[JoinHandle[T]]) -> list[T]:
    """Join all of them and return their values in the order of `handles`.

    If some panicked, raise the JoinError of the first of them in the order of `handles`, after all have ended.
    """
    raise NotImplementedError


class scope:  # spelled as in Rust: `with scope() as s:`
    """Threads that cannot outlive a block: `with scope() as s: handle = s.spawn(f)`."""

    def spawn(self, f: Callable[..., T], *args: Any, **kw: Any) -> JoinHandle[T]:
        """Like the function `spawn`, but the thread ends before the block is left."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        """Returns the scope itself."""
        raise NotImplementedError

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        """Wait for all threads of the scope. If the block did not raise, raise the JoinError of the first thread (in
        the order of spawning) that panicked and was not joined.
        """
        raise NotImplementedError
