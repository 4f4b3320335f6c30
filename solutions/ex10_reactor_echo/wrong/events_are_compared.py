# /// wrong
# misconception = "The event is POLLIN or POLLOUT"
# must_fail = [{ check = "hangup", finding = "one-client-ends-all" }]
# may_fail = ["slow_client", "nonblocking"]
# ///

import errno
import select
import socket
from functools import partial
from typing import Any

from ex07 import Executor, from_coroutine

from threadmarks.prelude import PENDING, JoinError, PolledAfterReady, Ready
from threadmarks.prelude import Future as BaseFuture

TURNS = 20
world: dict[str, Any] = {}


class Reactor:
    def __init__(self):
        self._readers, self._writers = {}, {}
        self._poller = select.poll()
        self._hear, self._tell = socket.socketpair()
        for end in (self._hear, self._tell):
            end.setblocking(False)
        self._poller.register(self._hear, select.POLLIN)

    def register_read(self, sock, waker):
        self._readers[sock.fileno()] = waker
        self._watch(sock.fileno())

    def register_write(self, sock, waker):
        self._writers[sock.fileno()] = waker
        self._watch(sock.fileno())

    def _watch(self, descriptor):
        mask = (select.POLLIN if descriptor in self._readers else 0) | (
            select.POLLOUT if descriptor in self._writers else 0
        )
        if mask:
            self._poller.register(descriptor, mask)
        else:
            self._poller.unregister(descriptor)

    def drop(self, descriptor):
        if self._readers.pop(descriptor, None) or self._writers.pop(descriptor, None):
            self._writers.pop(descriptor, None)
            self._poller.unregister(descriptor)

    def poll(self, timeout):
        ready = []
        for descriptor, event in self._poller.poll(None if timeout is None else max(0.0, timeout) * 1000):
            if descriptor == self._hear.fileno():
                self._hear.recv(1 << 16)
                continue
            table = {select.POLLIN: self._readers, select.POLLOUT: self._writers}[event]
            ready.append(table.pop(descriptor))
            self._watch(descriptor)
        for waker in ready:
            waker.wake()
        return len(ready)

    def park(self, timeout):
        self.poll(timeout)

    def unpark(self):
        try:
            self._tell.send(b"u")
        except OSError as error:
            if error.errno != errno.EAGAIN:
                raise


def io_executor(clock=None):
    world["reactor"] = Reactor()
    world["executor"] = Executor(clock, world["reactor"])
    world["hope"] = world["executor"].expect_wake()
    world["hope"].__enter__()
    return world["executor"]


class Operation(BaseFuture):
    """Tries at each poll. `lately` counts how often it went without waiting, over all operations of a socket."""

    def __init__(self, owner, register, attempt):
        self._owner, self._register, self._attempt = owner, register, attempt
        self._over = False

    def poll(self, cx):
        if self._over:
            raise PolledAfterReady
        self._owner.lately += 1
        if self._owner.lately <= TURNS:
            try:
                value = self._attempt()
            except BlockingIOError:
                pass
            except BaseException:
                self._over = True
                raise
            else:
                self._over = True
                return Ready(value)
        self._owner.lately = 0
        self._register(self._owner.sock, cx.waker)
        return PENDING


class Owner:
    def __init__(self, sock):
        self.sock = sock
        self.lately = 0
        self._reactor = world["reactor"]
        sock.setblocking(False)

    def when_readable(self, attempt):
        return Operation(self, self._reactor.register_read, attempt)

    def when_writable(self, attempt):
        return Operation(self, self._reactor.register_write, attempt)

    def close(self):
        if self.sock is not None:
            self._reactor.drop(self.sock.fileno())
            self.sock.close()
            self.sock = None


class TcpStream(Owner):
    async def read(self, n):
        return await self.when_readable(partial(self.sock.recv, n))

    async def write_all(self, data):
        sent = 0
        while sent < len(data):
            sent += await self.when_writable(partial(self.sock.send, data[sent : sent + (1 << 18)]))

    async def shutdown(self):
        self.sock.shutdown(socket.SHUT_WR)


class TcpListener(Owner):
    @classmethod
    async def bind(cls, host, port):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(64)
        self = cls(sock)
        self.port = sock.getsockname()[1]
        return self

    async def accept(self):
        connection, _ = await self.when_readable(self.sock.accept)
        return TcpStream(connection)


async def echo(stream):
    total = 0
    while True:
        data = await stream.read(8192)
        if not data:
            await stream.shutdown()
            return total
        await stream.write_all(data)
        total += len(data)


async def serve(listener, handler, *, max_clients=None):
    running = []

    async def talk(stream):
        try:
            await handler(stream)
        finally:
            stream.close()

    try:
        while len(running) != max_clients:
            stream = await listener.accept()
            running.append(world["executor"].spawn(from_coroutine(talk(stream))))
    finally:
        listener.close()
    for handle in running:
        try:
            await handle
        except JoinError:
            continue
