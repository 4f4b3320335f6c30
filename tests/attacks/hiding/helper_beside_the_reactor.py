#: exercise = "ex10"
#: tries = "a thread beside the reactor, made by pthread_create, which Python's bookkeeping never sees"
#: stopped_by = ["witness", "source policy"]
#: holds_on = ["full", "no-user-namespace"]
#: must.fail = ["one_thread"]
#: must.flag = ["policy", "suspect"]
#: must.ceiling = 10
import ctypes
import selectors
import socket
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import Any

from ex07 import Executor

from threadmarks.prelude import PENDING, Clock, Context, Future, JoinError, PolledAfterReady, Ready, Waker

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
CHUNK = 1 << 16
IN_A_ROW = 32  # operations on a socket that need not wait, after which one waits all the same


libc = ctypes.CDLL(None)
pthread_create, pause = libc.pthread_create, ctypes.cast(libc.pause, ctypes.c_void_p)


class Reactor:
    """A selector whose data are wakers, and a pair of sockets through which other threads end its sleep."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._inside, self._outside = socket.socketpair()
        for end in (self._inside, self._outside):
            end.setblocking(False)
        self._selector.register(self._inside, READ)

    def register_read(self, sock: socket.socket, waker: Waker) -> None:
        self._register(sock, READ, waker)

    def register_write(self, sock: socket.socket, waker: Waker) -> None:
        self._register(sock, WRITE, waker)

    def _register(self, sock: socket.socket, event: int, waker: Waker) -> None:
        wakers = {event: waker.clone()}
        if sock in self._selector.get_map():
            wakers = {**self._selector.get_key(sock).data, **wakers}
            self._selector.modify(sock, sum(wakers), wakers)
        else:
            self._selector.register(sock, event, wakers)

    def forget(self, sock: socket.socket) -> None:
        """Before it is closed: its descriptor may be another socket's next."""
        if sock in self._selector.get_map():
            self._selector.unregister(sock)

    def poll(self, timeout: float | None) -> int:
        woken = 0
        for key, mask in self._selector.select(timeout):
            if key.fileobj is self._inside:
                self._drain()
                continue
            waiting = {event: waker for event, waker in key.data.items() if not mask & event}
            if waiting:
                self._selector.modify(key.fileobj, sum(waiting), waiting)
            else:
                self._selector.unregister(key.fileobj)
            for event, waker in key.data.items():
                if mask & event:
                    waker.wake()
                    woken += 1
        return woken

    def park(self, timeout: float | None) -> None:
        self.poll(timeout)

    def unpark(self) -> None:
        try:
            self._outside.send(b"!")  # what comes before the sleep stays in the socket, and ends it at once
        except BlockingIOError:
            pass  # it is full of calls that were not yet heard

    def _drain(self) -> None:
        try:
            while self._inside.recv(4096):
                pass
        except BlockingIOError:
            pass


class _Current:
    """What streams use: the reactor and the executor that were made last."""

    reactor: Reactor
    executor: Executor
    expecting: AbstractContextManager[None]


def io_executor(clock: Clock | None = None) -> Executor:
    _Current.reactor = Reactor()
    pthread_create(ctypes.byref(ctypes.c_ulong()), None, pause, None)
    _Current.executor = Executor(clock, _Current.reactor)
    _Current.expecting = _Current.executor.expect_wake()  # kept, or it would be closed
    _Current.expecting.__enter__()  # for good: a client may always come
    return _Current.executor


class _Readiness(Future[None]):
    """Pending until the reactor has woken its task. It may be woken for another reason: whoever awaits it tries again."""

    def __init__(self, register: Callable[[Any, Waker], None], sock: socket.socket) -> None:
        self._register = register
        self._sock = sock
        self._polls = 0

    def poll(self, cx: Context) -> Any:
        self._polls += 1
        if self._polls == 1:
            self._register(self._sock, cx.waker)
            return PENDING
        if self._polls > 2:
            raise PolledAfterReady("it was ready")
        return Ready(None)


class _Socket:
    """A socket that never blocks, and the reactor that knows it."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._reactor = _Current.reactor
        self._in_a_row = 0

    async def _readable(self, call: Callable[..., Any], *args: Any) -> Any:
        return await self._when(self._reactor.register_read, call, *args)

    async def _writable(self, call: Callable[..., Any], *args: Any) -> Any:
        return await self._when(self._reactor.register_write, call, *args)

    async def _when(self, register: Callable[[Any, Waker], None], call: Callable[..., Any], *args: Any) -> Any:
        self._in_a_row += 1
        if self._in_a_row > IN_A_ROW:
            self._in_a_row = 0
            await _Readiness(register, self._sock)
        while True:
            try:
                return call(*args)
            except BlockingIOError:  # not an error: it is Pending
                self._in_a_row = 0
                await _Readiness(register, self._sock)

    def _let_go(self) -> None:
        if self._sock.fileno() >= 0:
            self._reactor.forget(self._sock)
            self._sock.close()


class TcpStream(_Socket):
    async def read(self, n: int) -> bytes:
        return await self._readable(self._sock.recv, n)

    async def write_all(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[await self._writable(self._sock.send, left) :]

    async def shutdown(self) -> None:
        self._sock.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._let_go()


class TcpListener(_Socket):
    port: int

    @classmethod
    async def bind(cls, host: str, port: int) -> "TcpListener":
        listener = cls(socket.create_server((host, port)))
        listener.port = listener._sock.getsockname()[1]
        return listener

    async def accept(self) -> TcpStream:
        sock, _ = await self._readable(self._sock.accept)
        return TcpStream(sock)

    def close(self) -> None:
        self._let_go()


async def echo(stream: TcpStream) -> int:
    count = 0
    while data := await stream.read(CHUNK):
        await stream.write_all(data)
        count += len(data)
    await stream.shutdown()
    return count


async def serve(
    listener: TcpListener, handler: Callable[[TcpStream], Awaitable[Any]], *, max_clients: int | None = None
) -> None:
    clients = []
    accepted = 0
    try:
        while max_clients is None or accepted < max_clients:
            stream = await listener.accept()
            accepted += 1
            client = _Current.executor.spawn(_one_client(stream, handler))
            if max_clients is not None:
                clients.append(client)
    finally:
        listener.close()  # also when this task is aborted while it waits
    for client in clients:
        try:
            await client
        except JoinError:
            pass  # its handler panicked: that is the end of this client, and of no other


async def _one_client(stream: TcpStream, handler: Callable[[TcpStream], Awaitable[Any]]) -> None:
    try:
        await handler(stream)
    finally:
        stream.close()
