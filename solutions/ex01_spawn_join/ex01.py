"""ex01, reference solution: a thread, a place for its outcome, and a rule who may take it."""

import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from threadmarks.prelude import AlreadyJoined, JoinError

T = TypeVar("T")


def spawn(f: Callable[..., T], *args: Any, name: str | None = None, **kw: Any) -> "JoinHandle[T]":
    """Run `f(*args, **kw)` on a new thread and return its handle at once."""
    handle: JoinHandle[T] = JoinHandle(lambda: f(*args, **kw), name)
    handle.thread.start()
    return handle


class JoinHandle(Generic[T]):
    """The right to collect, once, what a thread returned or the exception that ended it."""

    def __init__(self, closure: Callable[[], T], name: str | None) -> None:
        # Only the new thread writes these two, and everybody else reads them after it has ended: no lock is needed.
        self._value: T | None = None
        self._panic: BaseException | None = None
        # This one can be contested by several joiners.
        self._consumed = False
        self._lock = threading.Lock()
        # A daemon does not keep the program alive: a thread that nobody joins is cut off, as in Rust.
        self.thread = threading.Thread(target=self._run, args=(closure,), name=name, daemon=True)

    def _run(self, closure: Callable[[], T]) -> None:
        try:
            self._value = closure()
        except BaseException as panic:  # SystemExit too: it would end only this thread, and tell nobody
            self._panic = panic

    def join(self, timeout: float | None = None) -> T:
        """Wait for the thread and return what its closure returned, or raise JoinError."""
        self._refuse_if_consumed()
        self.thread.join(timeout)  # raises RuntimeError if a thread waits for itself
        if self.thread.is_alive():
            raise TimeoutError(f"{self.thread.name} is still running after {timeout} s")
        with self._lock:
            self._refuse_if_consumed()
            self._consumed = True
        if self._panic is not None:  # not `if self._panic`: an exception may be falsy
            raise JoinError(self._panic)
        return self._value  # type: ignore[return-value]  # the closure's T, whatever it was; None is a value

    def is_finished(self) -> bool:
        """Whether the thread has ended. Never waits."""
        return not self.thread.is_alive()

    def _refuse_if_consumed(self) -> None:
        if self._consumed:
            raise AlreadyJoined(f"{self.thread.name} was joined before")


def join_all(handles: Iterable[JoinHandle[T]]) -> list[T]:
    """Join all, then return the values in the order of `handles` or raise the first JoinError in that order."""
    values: list[T] = []
    first: JoinError | None = None
    for handle in handles:
        try:
            values.append(handle.join())
        except JoinError as panic:
            if first is None:
                first = panic
    if first is not None:
        raise first
    return values


class scope:  # spelled as in Rust: `with scope() as s:`
    """Threads that cannot outlive a block."""

    def __init__(self) -> None:
        self._handles: list[JoinHandle[Any]] = []

    def spawn(self, f: Callable[..., T], *args: Any, **kw: Any) -> JoinHandle[T]:
        """Like the function `spawn`, but the thread ends before the block is left."""
        handle = spawn(f, *args, **kw)
        self._handles.append(handle)
        return handle

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Wait for every thread, without consuming any handle; then report a panic that nobody collected."""
        for handle in self._handles:  # a thread of the scope may spawn more while we wait: the loop reaches those too
            handle.thread.join()
        if exc_type is not None:
            return  # the block's own exception is on its way out; it says more than ours
        for handle in self._handles:
            if handle._panic is not None and not handle._consumed:
                raise JoinError(handle._panic)
