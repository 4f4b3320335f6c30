# /// wrong
# misconception = "First do what is there, then clear the signal"
# must_fail = [{ check = "prompt_wake", finding = "wake-lost" }]
# ///

import contextlib
import queue
import socket
import threading
import time
from collections import deque

from ex07 import Executor, from_coroutine
from ex10 import Reactor

from threadmarks.prelude import PENDING, Cancelled, Future, JoinError, PolledAfterReady, PoolClosed, Ready


class Readable(Future):
    def __init__(self, reactor, sock):
        self.reactor, self.sock = reactor, sock
        self.asked = False

    def poll(self, cx):
        if self.asked:
            return Ready(None)  # perhaps woken for nothing: whoever awaits this finds nothing then, and asks again
        self.asked = True
        self.reactor.register_read(self.sock, cx.waker)
        return PENDING


class Pipe:
    def __init__(self, reactor):
        self.reactor = reactor
        self.letters = deque()
        self.inside, self.outside = socket.socketpair()
        self.inside.setblocking(False)
        self.outside.setblocking(False)

    def post(self, letter):
        self.letters.append(letter)  # first the letter, then the byte
        with contextlib.suppress(BlockingIOError):  # full of bytes: the loop will look anyway
            self.outside.send(b"x")

    async def deliver(self):
        while True:
            await Readable(self.reactor, self.inside)
            while self.letters:
                letter = self.letters.popleft()
                with contextlib.suppress(BaseException):
                    letter()
            with contextlib.suppress(BlockingIOError):
                while self.inside.recv(1000):
                    pass


class Handle(Future):
    WAITING, DONE, TOLD = range(3)

    def __init__(self):
        self.state = Handle.WAITING
        self.value = self.error = self.waker = None

    def settle(self, value=None, error=None):
        if self.state == Handle.WAITING:
            self.state, self.value, self.error = Handle.DONE, value, error
            if self.waker:
                self.waker.wake()

    def poll(self, cx):
        if self.state == Handle.TOLD:
            raise PolledAfterReady
        if self.state == Handle.WAITING:
            self.waker = cx.waker
            return PENDING
        self.state = Handle.TOLD
        if self.error is not None:
            raise self.error
        return Ready(self.value)

    def abort(self):
        self.settle(error=Cancelled())


class Runtime:
    def __init__(self, max_blocking_threads=8):
        reactor = Reactor()
        self.executor = Executor(parker=reactor)
        self.open_end = contextlib.ExitStack()
        self.open_end.enter_context(self.executor.expect_wake())
        self.pipe = Pipe(reactor)
        self.executor.spawn(self.pipe.deliver())
        self.cap = max_blocking_threads
        self.threads = []
        self.work = queue.SimpleQueue()
        # Before it looks for work a thread says that it is idle. While calls are waiting that is said too often, but then the cap was
        # reached, and nobody asks any more.
        self.idle = threading.Semaphore(0)
        self.closed = False

    def spawn(self, fut):
        return self.executor.spawn(measured(fut))

    def block_on(self, fut):
        return self.executor.block_on(measured(fut))

    def call_soon_threadsafe(self, fn):
        self.pipe.post(fn)

    def spawn_blocking(self, f, *args):
        if self.closed:
            raise PoolClosed
        handle = Handle()
        self.work.put((handle, f, args))
        if not self.idle.acquire(blocking=False) and len(self.threads) < self.cap:
            thread = threading.Thread(target=self.serve, name=f"blocking-{len(self.threads)}")
            self.threads.append(thread)
            thread.start()
        return handle

    def serve(self):
        while (item := self.work.get()) is not None:
            handle, f, args = item
            try:
                value, error = f(*args), None
            except BaseException as panic:
                value, error = None, JoinError(panic)
            self.pipe.post(lambda handle=handle, value=value, error=error: handle.settle(value, error))
            self.idle.release()

    def shutdown(self, timeout=None):
        self.closed = True
        with contextlib.suppress(queue.Empty):
            while True:
                handle, _, _ = self.work.get_nowait()
                handle.abort()
        for _ in self.threads:
            self.work.put(None)
        end = None if timeout is None else time.monotonic() + timeout
        for thread in self.threads:
            thread.join(end and max(0, end - time.monotonic()))


long_polls = []  # (name, seconds) of each poll, while somebody is looking
looking = 0


class measured(Future):
    def __init__(self, fut):
        is_future = hasattr(fut, "poll")
        self.name = type(fut).__name__ if is_future else fut.__name__
        self.inner = fut if is_future else from_coroutine(fut)

    def poll(self, cx):
        since = time.perf_counter()
        try:
            return self.inner.poll(cx)
        finally:
            if looking:
                long_polls.append((self.name, time.perf_counter() - since))

    def close(self):
        self.inner.close()


def find_blockers(run, limit):
    global looking
    looking += 1
    begin = len(long_polls)
    try:
        run()
    finally:
        looking -= 1
    return sorted({name for name, seconds in long_polls[begin:] if seconds > limit})
