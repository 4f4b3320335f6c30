"""ex10: a reactor, and an echo server on it. One thread, many sockets: readiness wakes tasks."""

from collections.abc import Awaitable, Callable
from typing import Any

from ex07 import Executor

from threadmarks.prelude import Clock, Waker


class Reactor:
    """Knows which waker waits for which socket; a Parker, which sleeps until one of the sockets is ready."""

    def __init__(self) -> None:
        """Make one for which no socket is registered."""
        raise NotImplementedError

    def register_read(self, sock: Any, waker: Waker) -> None:
        """Wake `waker`, once, when `sock` is readable. Another one registered before for the same is forgotten."""
        raise NotImplementedError

    def register_write(self, sock: Any, waker: Waker) -> None:
        """Wake `waker`, once, when `sock` is writable. Another one registered before for the same is forgotten."""
        raise NotImplementedError

    def poll(self, timeout: float | None) -> int:
        """Sleep until a registered socket is ready, `unpark` is called, or `timeout` seconds have passed (None: no limit).

        Wakes the wakers of all sockets that are ready, and forgets them. Returns how many it has woken.
        """
        raise NotImplementedError

    def park(self, timeout: float | None) -> None:
        """What an Executor does when no task is ready: poll."""
        raise NotImplementedError

    def unpark(self) -> None:
        """End the `poll` that is under way, on whatever thread, or else the next one."""
        raise NotImplementedError


class TcpStream:
    """One end of a connection."""

    async def read(self, n: int) -> bytes:
        """At least one and at most `n` bytes, as soon as there are any; b"" when the other side sends no more."""
        raise NotImplementedError

    async def write_all(self, data: bytes) -> None:
        """Send all of `data`, however long that takes."""
        raise NotImplementedError

    async def shutdown(self) -> None:
        """Send no more: the other side reads the rest, and then b"". Reading goes on."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the socket. Again: nothing."""
        raise NotImplementedError


class TcpListener:
    """Where connections arrive."""

    port: int
    """The port that it listens on; the system's choice if 0 was asked for."""

    @classmethod
    async def bind(cls, host: str, port: int) -> "TcpListener":
        """Listen on this address."""
        raise NotImplementedError

    async def accept(self) -> TcpStream:
        """The next connection."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the socket. Again: nothing."""
        raise NotImplementedError


async def echo(stream: TcpStream) -> int:
    """Send back all that comes, until no more comes; then shut down. Returns the number of bytes sent back."""
    raise NotImplementedError


async def serve(
    listener: TcpListener, handler: Callable[[TcpStream], Awaitable[Any]], *, max_clients: int | None = None
) -> None:
    """Run `handler(stream)` for each client, each in a task of its own, and close the stream when that ends.

    After `max_clients` it accepts no more, and returns when their handlers have ended. However it ends, the listener is closed.
    """
    raise NotImplementedError


def io_executor(clock: Clock | None = None) -> Executor:
    """An Executor whose parker is a Reactor. Streams, listeners and `serve` use the one that was made last."""
    raise NotImplementedError
