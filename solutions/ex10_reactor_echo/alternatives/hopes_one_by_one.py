"""One table of wakers over `select.poll`. Each wait for a socket opens an `expect_wake` of its own, so who waits for none can be a Deadlock."""

import contextlib
import math
import select
import socket
import threading
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import Any

from ex07 import Executor

from threadmarks.prelude import PENDING, Clock, Context, Future, Ready, Waker

_READ, _WRITE = select.POLLIN, select.POLLOUT
_BROKEN = select.POLLERR | select.POLLHUP | select.POLLNVAL


class Reactor:
    """The table of interests is changed on the executor's thread only; `unpark` sends a byte to itself."""

    def __init__(self) -> None:
        self._wakers: dict[tuple[int, int], Waker] = {}
        self._bell, self._cord = socket.socketpair()
        self._bell.setblocking(False)
        self._cord.setblocking(False)
        self._lock = threading.Lock()
        self._signalled = False  # there is a byte in the bell

    def register_read(self, sock: Any, waker: Waker) -> None:
        self._wakers[sock.fileno(), _READ] = waker.clone()

    def register_write(self, sock: Any, waker: Waker) -> None:
        self._wakers[sock.fileno(), _WRITE] = waker.clone()

    def forget(self, sock: Any) -> None:
        for kind in (_READ, _WRITE):
            self._wakers.pop((sock.fileno(), kind), None)

    def poll(self, timeout: float | None) -> int:
        poller = select.poll()
        masks: dict[int, int] = {}
        for number, kind in self._wakers:
            masks[number] = masks.get(number, 0) | kind
        for number, mask in masks.items():
            poller.register(number, mask)
        poller.register(self._bell, select.POLLIN)
        woken = 0
        for number, event in poller.poll(None if timeout is None else max(0, math.ceil(timeout * 1000))):
            if number == self._bell.fileno():
                with self._lock:
                    self._bell.recv(16)
                    self._signalled = False
                continue
            for kind in (_READ, _WRITE):
                if event & (kind | _BROKEN):
                    waker = self._wakers.pop((number, kind), None)
                    if waker is not None:
                        waker.wake()
                        woken += 1
        return woken

    def park(self, timeout: float | None) -> None:
        self.poll(timeout)

    def unpark(self) -> None:
        with self._lock:
            if not self._signalled:
                self._signalled = True
                self._cord.send(b"!")


class _Current:
    reactor: Reactor
    executor: Executor


class _Readiness(Future[None]):
    """Pending once, until the socket is ready."""

    def __init__(self, register: Callable[[Any, Waker], None], sock: socket.socket) -> None:
        self._register = register
        self._sock = sock
        self._asked = False
        self._hope: AbstractContextManager[None] | None = None

    def poll(self, cx: Context) -> Any:
        if self._asked:
            self.close()
            return Ready(None)
        self._asked = True
        self._hope = _Current.executor.expect_wake()
        self._hope.__enter__()
        self._register(self._sock, cx.waker)
        return PENDING

    def close(self) -> None:
        hope, self._hope = self._hope, None
        if hope is not None:
            hope.__exit__(None, None, None)


class _Socket:
    """A non-blocking socket, and waiting for it."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock: socket.socket | None = sock
        self._luck = 0

    async def _until(self, operation: Callable[[socket.socket], Any], register: Callable[[Any, Waker], None]) -> Any:
        assert self._sock is not None, "closed"
        if self._luck >= 64:
            self._luck = 0
            await _Readiness(register, self._sock)
        while True:
            try:
                result = operation(self._sock)
            except (BlockingIOError, InterruptedError):
                self._luck = 0
                await _Readiness(register, self._sock)
            else:
                self._luck += 1
                return result

    def close(self) -> None:
        sock, self._sock = self._sock, None
        if sock is not None:
            _Current.reactor.forget(sock)
            sock.close()


class TcpStream(_Socket):
    async def read(self, n: int) -> bytes:
        return await self._until(lambda sock: sock.recv(n), _Current.reactor.register_read)

    async def write_all(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            sent = await self._until(lambda sock: sock.send(left), _Current.reactor.register_write)
            left = left[sent:]

    async def shutdown(self) -> None:
        assert self._sock is not None
        self._sock.shutdown(socket.SHUT_WR)


class TcpListener(_Socket):
    port: int

    @classmethod
    async def bind(cls, host: str, port: int) -> "TcpListener":
        sock = socket.create_server((host, port))
        listener = cls(sock)
        listener.port = sock.getsockname()[1]
        return listener

    async def accept(self) -> TcpStream:
        sock, _ = await self._until(lambda sock: sock.accept(), _Current.reactor.register_read)
        return TcpStream(sock)


async def echo(stream: TcpStream) -> int:
    count = 0
    while data := await stream.read(1 << 14):
        await stream.write_all(data)
        count += len(data)
    await stream.shutdown()
    return count


async def serve(
    listener: TcpListener, handler: Callable[[TcpStream], Awaitable[Any]], *, max_clients: int | None = None
) -> None:
    async def client(stream: TcpStream) -> None:
        with contextlib.closing(stream):
            await handler(stream)

    handles = []
    accepted = 0
    try:
        while max_clients is None or accepted < max_clients:
            stream = await listener.accept()
            accepted += 1
            handle = _Current.executor.spawn(client(stream))
            if max_clients is not None:
                handles.append(handle)
    finally:
        listener.close()
    for handle in handles:
        with contextlib.suppress(Exception):
            await handle


def io_executor(clock: Clock | None = None) -> Executor:
    _Current.reactor = Reactor()
    _Current.executor = Executor(clock, _Current.reactor)
    return _Current.executor
