"""Readiness first: every operation asks the reactor before it tries. One select call an operation, and nobody is ever hot."""

import selectors
import socket
import threading

from ex07 import Executor, OneShotFuture

current = threading.local()


class Reactor:
    def __init__(self):
        self.selector = selectors.PollSelector()
        self.lock = threading.Lock()
        self.heard = False
        self.wake_r, self.wake_w = socket.socketpair()
        self.selector.register(self.wake_r, selectors.EVENT_READ, None)

    def register_read(self, sock, waker):
        self.add(sock, "reader", waker)

    def register_write(self, sock, waker):
        self.add(sock, "writer", waker)

    def add(self, sock, role, waker):
        try:
            roles = dict(self.selector.get_key(sock).data)
        except KeyError:
            roles = {}
        roles[role] = waker
        self.update(sock, roles)

    def update(self, sock, roles):
        if sock.fileno() in self.selector.get_map():
            self.selector.unregister(sock)
        mask = selectors.EVENT_READ * ("reader" in roles) + selectors.EVENT_WRITE * ("writer" in roles)
        if mask:
            self.selector.register(sock, mask, roles)

    def poll(self, timeout):
        count = 0
        for key, mask in self.selector.select(timeout):
            if key.data is None:
                with self.lock:
                    self.wake_r.recv(1)
                    self.heard = False
                continue
            roles = dict(key.data)
            now = [roles.pop("reader", None)] if mask & selectors.EVENT_READ else []
            now += [roles.pop("writer", None)] if mask & selectors.EVENT_WRITE else []
            self.update(key.fileobj, roles)
            for waker in now:
                if waker is not None:
                    waker.wake()
                    count += 1
        return count

    park = poll

    def unpark(self):
        with self.lock:
            if not self.heard:
                self.heard = True
                self.wake_w.send(b"\0")


class WakesOneShot:
    """A waker that sets a future: then the reactor needs no future of its own."""

    def __init__(self, one):
        self.one = one

    def wake(self):
        self.one.set(None)

    def clone(self):
        return self

    def will_wake(self, other):
        return other is self


def ready(register, sock):
    one = OneShotFuture()
    register(sock, WakesOneShot(one))
    return one


def io_executor(clock=None):
    current.reactor = Reactor()
    current.executor = Executor(clock=clock, parker=current.reactor)
    current.guard = current.executor.expect_wake()
    current.guard.__enter__()
    return current.executor


class _Closing:
    closed = False

    def close(self):
        if not self.closed:
            self.closed = True
            self.reactor.update(self.sock, {})
            self.sock.close()


class TcpStream(_Closing):
    def __init__(self, sock, reactor):
        self.sock, self.reactor = sock, reactor
        sock.setblocking(False)

    async def read(self, n):
        while True:
            await ready(self.reactor.register_read, self.sock)
            try:
                return self.sock.recv(n)
            except BlockingIOError:
                continue

    async def write_all(self, data):
        data = bytes(data)
        while data:
            await ready(self.reactor.register_write, self.sock)
            try:
                data = data[self.sock.send(data) :]
            except BlockingIOError:
                continue

    async def shutdown(self):
        self.sock.shutdown(socket.SHUT_WR)


class TcpListener(_Closing):
    def __init__(self, sock, reactor):
        self.sock, self.reactor = sock, reactor
        self.port = sock.getsockname()[1]

    @classmethod
    async def bind(cls, host, port):
        sock = socket.create_server((host, port))
        sock.setblocking(False)
        return cls(sock, current.reactor)

    async def accept(self):
        while True:
            await ready(self.reactor.register_read, self.sock)
            try:
                return TcpStream(self.sock.accept()[0], self.reactor)
            except BlockingIOError:
                continue


async def echo(stream):
    total = 0
    data = b"?"
    while data:
        data = await stream.read(1 << 17)
        await stream.write_all(data)
        total += len(data)
    await stream.shutdown()
    return total


async def serve(listener, handler, *, max_clients=None):
    left = max_clients
    open_clients = 0
    last = OneShotFuture()

    async def talk(stream):
        nonlocal open_clients
        try:
            await handler(stream)
        finally:
            stream.close()
            open_clients -= 1
            if not open_clients and left == 0:
                last.set(None)

    try:
        while left != 0:
            stream = await listener.accept()
            open_clients += 1
            left = None if left is None else left - 1
            current.executor.spawn(talk(stream))
    finally:
        listener.close()
    if max_clients:
        await last
