"""ex08: channels between threads. The statement is in README.md."""

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from threadmarks.prelude import Full, RecvError, SendError, TryRecvError  # noqa: F401  # you will raise them

T = TypeVar("T")


class Sender(Generic[T]):
    """One of the senders of a channel. Any number of threads may use it."""

    def send(self, v: T, timeout: float | None = None) -> None:
        """Put `v` into the channel; wait while there is no room.

        Raises SendError(v) if the receiver is closed, also while waiting; TimeoutError if `timeout` seconds pass first, and then
        `v` is not sent.
        """
        raise NotImplementedError

    def try_send(self, v: T) -> None:
        """Like `send`, and never waits: raises Full if there is no room, SendError(v) if the receiver is closed."""
        raise NotImplementedError

    def clone(self) -> "Sender[T]":
        """Another sender of the same channel, which is closed by itself."""
        raise NotImplementedError

    def close(self) -> None:
        """This sender sends no more. When the last one is closed, the receiver learns that nothing more will come."""
        raise NotImplementedError


class Receiver(Generic[T]):
    """The receiving end of a channel. Several threads may share it: each value goes to one of them."""

    def recv(self, timeout: float | None = None) -> T:
        """The next value; wait while there is none.

        Raises RecvError if there is none and all senders are closed, also while waiting; TimeoutError if `timeout` seconds pass
        first.
        """
        raise NotImplementedError

    def try_recv(self) -> T:
        """Like `recv`, and never waits: raises TryRecvError.Empty, or TryRecvError.Disconnected if all senders are closed."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[T]:
        """Every value until there are no more, waiting for each."""
        raise NotImplementedError

    def close(self) -> None:
        """Nobody will receive any more: what is in the channel is dropped, and senders get SendError."""
        raise NotImplementedError


def channel(capacity: int | None = None) -> tuple[Sender[T], Receiver[T]]:
    """A new channel that holds at most `capacity` values: None is any number, 0 hands each value over directly.

    Raises ValueError if `capacity` is negative.
    """
    raise NotImplementedError


class OneSender(Generic[T]):
    """The sender of a channel for a single value."""

    def send(self, v: T) -> None:
        """Send the value; never waits. Raises SendError(v) if a value was sent before, or if either end is closed."""
        raise NotImplementedError

    def close(self) -> None:
        """Nothing will be sent any more; what was sent can still be received."""
        raise NotImplementedError


class OneReceiver(Generic[T]):
    """The receiver of a channel for a single value."""

    def recv(self, timeout: float | None = None) -> T:
        """The value; wait for it. Raises RecvError if none will come (any more), TimeoutError if `timeout` seconds pass first."""
        raise NotImplementedError

    def close(self) -> None:
        """Nobody waits for the value any more: the sender gets SendError."""
        raise NotImplementedError


def oneshot() -> tuple[OneSender[Any], OneReceiver[Any]]:
    """A new channel for a single value."""
    raise NotImplementedError
