"""Scenarios of ex10: clients with blocking sockets on threads of their own, and handlers. No expectations."""

import contextlib
import hashlib
import os
import socket
import struct
import threading
import time

from ex07 import OneShotFuture, sleep

from threadmarks.prelude import Cancelled, Future

HOST = "127.0.0.1"
MIB = 1 << 20


class _Waker:
    """Counts how often it is woken; its clones are itself."""

    def __init__(self):
        self.woken = 0

    def wake(self):
        self.woken += 1

    def clone(self):
        return self

    def will_wake(self, other):
        return other is self


def _start(*bodies):
    threads = [threading.Thread(target=body) for body in bodies]
    for thread in threads:
        thread.start()
    return threads


def _serving(student, handler, clients, *, executor=None):
    """Serve that many clients, whose bodies get the port."""
    executor = executor or student.io_executor()
    threads = []

    async def main():
        listener = await student.TcpListener.bind(HOST, 0)
        threads.extend(_start(*(lambda body=body: body(listener.port) for body in clients)))
        await student.serve(listener, handler, max_clients=len(clients))

    executor.block_on(main())
    for thread in threads:
        thread.join()


def _receive(sock, size):
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            break
        data += part
    return data


def _rest(sock):
    parts = []
    while part := sock.recv(10_000):
        parts.append(part)
        time.sleep(0.001)
    return b"".join(parts)


def _reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def _descriptors():
    """How many descriptors are open."""
    count = 0
    for number in range(256):
        with contextlib.suppress(OSError):
            os.fstat(number)
            count += 1
    return count


def reactor_alone(student, probe):
    """A reactor, a pair of sockets, and wakers that count."""
    reactor = student.Reactor()
    one, two = socket.socketpair()
    for end in (one, two):
        end.setblocking(False)
    reading, writing, first = _Waker(), _Waker(), _Waker()
    seen = []

    def poll(timeout):
        count = reactor.poll(timeout)
        seen.append([count, reading.woken, writing.woken, first.woken])

    reactor.register_read(one, first)
    reactor.register_read(one, reading)
    reactor.register_write(one, writing)
    poll(0)
    two.send(b"x")
    poll(1.0)
    poll(0)
    probe.note("seen", seen)
    begin = probe.now()
    reactor.unpark()
    count = reactor.poll(5.0)
    at_once = round(probe.now() - begin, 3)
    reactor.poll(2.0)
    probe.note("parked", [count, at_once, round(probe.now() - begin, 3)])


def two_halves(student, probe):
    """Thirty clients: the second half is sent when every first half has come back."""
    halves = [(probe.random.randbytes(8), probe.random.randbytes(8)) for _ in range(30)]
    answers = [""] * 30
    together = threading.Barrier(30)

    def client(number):
        def body(port):
            with socket.create_connection((HOST, port)) as sock:
                sock.sendall(halves[number][0])
                answer = _receive(sock, 8)
                together.wait()
                sock.sendall(halves[number][1])
                sock.shutdown(socket.SHUT_WR)
                answers[number] = (answer + _rest(sock)).hex()

        return body

    _serving(student, student.echo, [client(number) for number in range(30)])
    probe.note("answers", answers)


def a_silent_and_a_deaf_client(student, probe):
    """One client says nothing, one never reads what is written to it; a third asks and is answered."""
    question = probe.random.randbytes(6)
    writing, answered = threading.Event(), threading.Event()

    async def handler(stream):
        if await stream.read(1) == b"w":
            writing.set()
            with contextlib.suppress(ConnectionError):  # in the end it resets
                await stream.write_all(bytes(64 * MIB))
        else:
            await student.echo(stream)

    def silent(port):
        with socket.create_connection((HOST, port)):
            answered.wait()

    def deaf(port):
        sock = socket.create_connection((HOST, port))
        sock.sendall(b"w")
        answered.wait()
        _reset(sock)

    def asks(port):
        writing.wait()
        with socket.create_connection((HOST, port)) as sock:
            sock.sendall(b"e" + question)
            probe.note("answer", _receive(sock, 6).hex())
        answered.set()

    probe.mark("begin")
    _serving(student, handler, [silent, deaf, asks])
    probe.mark("end")


def much(student, probe):
    """A client writes 8 MiB, begins to read a second later, and goes on writing meanwhile."""
    block = probe.random.randbytes(MIB)
    counts = []

    async def handler(stream):
        counts.append(await student.echo(stream))

    def client(port):
        with socket.create_connection((HOST, port)) as sock:

            def write():
                for number in range(8):
                    sock.sendall(block[number:] + block[:number])
                sock.shutdown(socket.SHUT_WR)

            (writer,) = _start(write)
            time.sleep(1.0)
            digest, size = hashlib.sha256(), 0
            while part := sock.recv(40_000):
                digest.update(part)
                size += len(part)
                if size < MIB:
                    time.sleep(0.001)
            probe.note("came_back", [size, digest.hexdigest()])
            writer.join()

    _serving(student, handler, [client])
    probe.note("counts", counts)


def open_and_idle(student, probe):
    """Ten clients have had an answer and then say nothing; before, a thread has woken a task."""
    executor = student.io_executor()
    one = OneShotFuture()
    answered = threading.Barrier(11)
    over = threading.Event()

    def client(port):
        with socket.create_connection((HOST, port)) as sock:
            sock.sendall(b"x")
            sock.recv(1)
            answered.wait()
            over.wait()

    def watch():
        answered.wait()
        time.sleep(1.0)
        probe.note("set")
        one.set(None)
        time.sleep(1.0)
        for name, seconds in (("short", 0.3), ("long", 30.0)):
            probe.mark(f"{name}_begin")
            time.sleep(seconds)
            probe.mark(f"{name}_end")
        over.set()

    async def waiter():
        await one
        probe.note("woken")

    executor.spawn(waiter())
    (watcher,) = _start(watch)
    _serving(student, student.echo, [client] * 10, executor=executor)
    watcher.join()


class _Meeting(Future):
    """Another future, at whose first poll a thread is met."""

    def __init__(self, inner, meet):
        self._inner = inner
        self._meet = meet

    def poll(self, cx):
        meet, self._meet = self._meet, lambda: None
        outcome = self._inner.poll(cx)
        meet()
        return outcome


def set_by_a_thread(student, probe):
    """A thread sets two one-shots, for which two tasks wait, while the executor's thread goes to sleep; and later a third."""
    executor = student.io_executor()
    ones = [OneShotFuture(), OneShotFuture(), OneShotFuture()]
    together = threading.Barrier(2)

    def set_them():
        together.wait()
        for one in ones[:2]:
            one.set(None)
        time.sleep(1.0)
        ones[2].set(None)

    async def main():
        first = executor.spawn(ones[0])
        await _Meeting(ones[1], together.wait)
        await first
        await ones[2]

    (thread,) = _start(set_them)
    with executor.expect_wake():  # no socket is registered: without it, this may be a Deadlock
        executor.block_on(main())
    probe.note("over")
    thread.join()


def ends_and_resets(student, probe):
    """A client half-closes and reads late; one resets in mid-transfer; one's handler panics; then one comes that behaves."""
    data = probe.random.randbytes(200_000)
    last = probe.random.randbytes(6)
    gone = threading.Barrier(3)

    async def handler(stream):
        first = await stream.read(1)
        if first == b"!":
            raise ValueError("a handler that panics")
        await stream.write_all(first)
        await student.echo(stream)

    def half_closes(port):
        with socket.create_connection((HOST, port)) as sock:
            (writer,) = _start(lambda: (sock.sendall(data), sock.shutdown(socket.SHUT_WR)))
            time.sleep(1.0)
            probe.note("rest", hashlib.sha256(_rest(sock)).hexdigest())
            writer.join()

    def resets(port):
        sock = socket.create_connection((HOST, port))
        sock.sendall(b"r" + bytes(90_000))
        time.sleep(1.0)
        _reset(sock)
        gone.wait()

    def panics(port):
        with socket.create_connection((HOST, port)) as sock:
            sock.sendall(b"!")
            time.sleep(1.0)
        gone.wait()

    def behaves(port):
        gone.wait()
        with socket.create_connection((HOST, port)) as sock:
            sock.sendall(last)
            probe.note("answer", _receive(sock, 6).hex())

    _serving(student, handler, [half_closes, resets, panics, behaves])
    probe.note("served")


def rounds(student, probe):
    """Three rounds: a serve that is aborted, and five clients. Descriptors are counted before, after each, and are used again."""
    executor = student.io_executor()

    async def waits_in_vain():
        handle = executor.spawn(student.serve(await student.TcpListener.bind(HOST, 0), handler))
        await sleep(0.1)
        handle.abort()

    async def handler(stream):
        if await stream.read(1) == b"!":
            raise ValueError("a handler that panics")

    def client(port):
        time.sleep(0.1)
        with socket.create_connection((HOST, port)) as sock:
            sock.sendall(b"xy")
            sock.shutdown(socket.SHUT_WR)
            time.sleep(0.1)

    def panics(port):
        with socket.create_connection((HOST, port)) as sock:
            sock.sendall(b"!")
            time.sleep(0.1)

    def leaves(port):
        socket.create_connection((HOST, port)).close()

    probe.note("descriptors", _descriptors())
    for _ in range(3):
        executor.block_on(waits_in_vain())
        _serving(student, handler, [client, panics, leaves, client, client], executor=executor)
        probe.note("descriptors", _descriptors())


class _Clock:
    """The run's time, and what was added by hand."""

    def __init__(self, probe):
        self._probe = probe
        self.added = 0.0

    def now(self):
        return self._probe.now() + self.added

    def park(self, timeout):
        time.sleep(timeout or 0.0)


def hot_and_idle(student, probe):
    """A timer while nothing comes; then a timer and another client while one client's bytes are always there.

    Each of the hot client's bytes takes a millisecond of the clock that the executor has.
    """
    clock = _Clock(probe)
    executor = student.io_executor(clock)
    reads = []
    sent = threading.Barrier(2)

    async def handler(stream):
        if await stream.read(1) == b"h":
            while await stream.read(1):
                reads.append("hot")
                clock.added += 0.001
        else:
            await stream.read(1)
            reads.append("other")

    def hot(port):
        with socket.create_connection((HOST, port)) as sock:
            sock.sendall(b"h")
            time.sleep(1.0)
            sock.sendall(bytes(2000))
            sent.wait()

    def other(port):
        with socket.create_connection((HOST, port)) as sock:
            sock.sendall(b"o")
            time.sleep(1.0)
            sock.sendall(b"!")
            sent.wait()

    async def timer():
        await sleep(1.05)
        reads.append("timer")

    async def idle():
        begin = probe.now()
        await sleep(0.05)
        probe.note("idle_timer", round(probe.now() - begin, 6))

    probe.mark("begin")
    executor.block_on(idle())
    executor.spawn(timer())
    _serving(student, handler, [hot, other], executor=executor)
    probe.mark("end")
    reads.append("end")
    probe.note(
        "before", {name: reads[: reads.index(name)].count("hot") for name in ("other", "timer", "end") if name in reads}
    )


def aborted(student, probe):
    """serve is aborted while it waits for the second client."""
    executor = student.io_executor()
    told = OneShotFuture()

    def client(port):
        with socket.create_connection((HOST, port)) as sock:
            sock.sendall(b"x")
            probe.note("answer", sock.recv(1).hex())
        told.set(None)

    async def main():
        listener = await student.TcpListener.bind(HOST, 0)
        handle = executor.spawn(student.serve(listener, student.echo))
        (thread,) = _start(lambda: client(listener.port))
        await told
        await sleep(1.0)
        handle.abort()
        try:
            await handle
            probe.note("handle", "returned")
        except Cancelled:
            probe.note("handle", "Cancelled")
        probe.note("connect", probe.attempt(lambda: socket.create_connection((HOST, listener.port)).close())[:2])
        thread.join()

    executor.block_on(main())
