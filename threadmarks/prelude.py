"""The types that a student imports: the errors and protocols that an exercise's statement names.

The grader must be able to tell these apart by identity, therefore they live here and not in a student's file. Standard
library only; importing it starts nothing.
"""

from collections.abc import Callable, Generator
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class JoinError(Exception):
    """A thread or task panicked. `payload` is the exception that left its closure; it is also the `__cause__`."""

    def __init__(self, payload: BaseException) -> None:
        # A panic that travels through a chain of joins keeps its text: a repr of a repr doubles its escapes each time.
        try:
            text = str(payload) if isinstance(payload, JoinError) else f"panicked with {payload!r}"
        except Exception:  # a panic whose repr panics must still be told
            text = f"panicked with {type(payload).__name__}"
        super().__init__(text)
        self.payload = payload
        self.__cause__ = payload


class AlreadyJoined(Exception):
    """The handle was consumed by an earlier join."""


class Cancelled(Exception):
    """The job or task was cancelled before it had a result."""


class PoolClosed(Exception):
    """The pool takes no more jobs."""


class SendError(Exception, Generic[T]):
    """Nobody can receive any more. `value` is the value that was not sent."""

    def __init__(self, value: T) -> None:
        super().__init__(f"nobody is left to receive {value!r}")
        self.value = value


class RecvError(Exception):
    """Every sender is gone and the channel is empty."""


class Full(Exception):
    """The channel has no room."""


class TryRecvError(Exception):
    """A `try_recv` gave nothing; the subclass says why."""


class _Empty(TryRecvError):
    """Nothing is there now; a sender is still alive."""


class _Disconnected(TryRecvError):
    """Nothing is there and every sender is gone."""


TryRecvError.Empty = _Empty  # type: ignore[attr-defined]  # the contract spells it TryRecvError.Empty, as Rust does
TryRecvError.Disconnected = _Disconnected  # type: ignore[attr-defined]  # likewise


class PolledAfterReady(Exception):
    """A future was polled again after it had returned Ready."""


class Deadlock(Exception):
    """Only tasks are left that wait for each other."""


class NoRuntime(Exception):
    """The call needs a running runtime, and there is none on this thread."""


class Ready(Generic[T]):
    """What `poll` returns when the future is done; `value` is its result."""

    __slots__ = ("value",)
    __match_args__ = ("value",)

    def __init__(self, value: T) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"Ready({self.value!r})"

    def __eq__(self, other: object) -> bool:
        return type(other) is Ready and bool(self.value == other.value)

    def __hash__(self) -> int:
        return hash((Ready, self.value))


class _Pending:
    """The type of `PENDING`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "PENDING"


PENDING = _Pending()
"""What `poll` returns when the future is not done; it has arranged to be woken."""


@runtime_checkable
class Waker(Protocol):
    """Tells an executor that its task can make progress. May be used from any thread, any number of times."""

    def wake(self) -> None:
        """See to it that the task is polled again."""

    def clone(self) -> "Waker":
        """A waker of the same task, to be kept."""

    def will_wake(self, other: "Waker") -> bool:
        """Whether `other` wakes the same task."""


@runtime_checkable
class Context(Protocol):
    """What an executor hands to `poll`."""

    @property
    def waker(self) -> Waker:
        """The waker of the task that is being polled."""


@runtime_checkable
class Future(Protocol[T_co]):
    """A computation that is advanced by polling. Derive from it to have `__await__` and `close`; `poll` is yours to write."""

    def poll(self, cx: Context) -> Any:
        """Return `Ready(value)`, or `PENDING` after arranging that `cx.waker.wake()` is called; what it raises is a panic."""

    def close(self) -> None:
        """The future is dropped before it is ready: let go of what it holds. Most hold nothing."""

    def __await__(self) -> Generator[Any, Any, T_co]:
        """`await future`: yields the future itself to whoever drives the coroutine, until a `Ready` is sent in.

        The driver polls it, sends its `Ready` in, or throws in what `poll` raised. A coroutine that is closed meanwhile
        closes the future.
        """
        outcome = None
        try:
            while not isinstance(outcome, Ready):
                outcome = yield self
        except GeneratorExit:
            self.close()
            raise
        value: T_co = outcome.value
        return value


@runtime_checkable
class Clock(Protocol):
    """Where a scheduler gets its time. Times are seconds as floats."""

    def now(self) -> float: ...

    def park(self, timeout: float | None) -> None:
        """Wait until `timeout` seconds have passed (None: until something outside happens)."""


@runtime_checkable
class Parker(Protocol):
    """How an executor's thread sleeps while no task is ready, and how another thread wakes it."""

    def park(self, timeout: float | None) -> None:
        """Sleep until `unpark` is called or `timeout` seconds have passed (None: no limit). May come back early.

        An `unpark` since the last return is kept: then it comes back at once.
        """

    def unpark(self) -> None:
        """Let the thread that parks go on, or not sleep the next time. From any thread; many are as good as one."""


Job = Callable[..., object]
"""Something a pool runs."""
