# /// adapter
# library = "asyncio"
# exercise = "ex09"
# must_fail = [{ check = "fifo", finding = "channel-order" }, { check = "permits", finding = "not-implemented" }, { check = "rate", finding = "not-implemented" }]
# policy = ["asyncio"]
# score = 10
# ///
"""asyncio's Lock, Semaphore, Event, Barrier and Queue as a submission to ex09, driven by ex07's executor.

They ask the running loop for futures, and for nothing else. So the adapter says that a loop is running, which can do just that; its
futures are futures of ex07. Dropping a task is a GeneratorExit here and a CancelledError there: one is turned into the other on the way in,
and back on the way out.

True of asyncio: a Semaphore and (before 3.13) a Queue cannot be closed, and there is no rate limiter: `permits`, `fifo` and `rate` say so. It
has no Notify and no RwLock either; the ones below are put together from its events and locks, and hold what ex09 asks for, also when
waiters are dropped. Its import is forbidden, which caps the exercise at half its points.
"""

import asyncio
from collections import deque

from threadmarks.prelude import PENDING, Future, Ready


class _Future(Future):
    def __init__(self):
        self._state = "pending"
        self._value = None
        self._waker = None

    def done(self):
        return self._state != "pending"

    def cancelled(self):
        return self._state == "cancelled"

    def cancel(self):
        self._state = "cancelled" if self._state == "pending" else self._state

    def result(self):
        return self._value

    def set_result(self, value):
        self._state, self._value = "done", value
        if self._waker is not None:
            self._waker.wake()

    def poll(self, cx):
        self._waker = cx.waker
        return Ready(self._value) if self.done() else PENDING

    def __await__(self):
        try:
            return (yield from super().__await__())
        except GeneratorExit:
            self.cancel()
            raise asyncio.CancelledError from None


class _Loop:
    def create_future(self):
        return _Future()


asyncio._set_running_loop(_Loop())


async def _drive(coroutine):
    try:
        return await coroutine
    except asyncio.CancelledError:
        raise GeneratorExit from None


class _Acquire:
    def __init__(self, acquire):
        self._acquire = acquire

    def __await__(self):
        return _drive(self._acquire()).__await__()

    async def __aenter__(self):
        self._held = await self
        return self._held

    async def __aexit__(self, *exc):
        self._held.release()


class Permit:
    def __init__(self, give):
        self._give = give

    def release(self):
        give, self._give = self._give, None
        if give is not None:
            give()


class Guard(Permit):
    def __init__(self, mutex):
        super().__init__(mutex._lock.release)
        self._mutex = mutex

    @property
    def value(self):
        return self._mutex._value

    @value.setter
    def value(self, value):
        self._mutex._value = value

    def release(self):
        super().release()


class Mutex:
    def __init__(self, value):
        self._value = value
        self._lock = asyncio.Lock()

    def lock(self):
        async def acquire():
            await self._lock.acquire()
            return Guard(self)

        return _Acquire(acquire)


class Semaphore:
    def __init__(self, n):
        self._semaphore = asyncio.Semaphore(n)

    def acquire(self):
        async def acquire():
            await self._semaphore.acquire()
            return Permit(self._semaphore.release)

        return _Acquire(acquire)

    def try_acquire(self):
        if self._semaphore.locked():
            return None
        try:
            self._semaphore.acquire().send(None)  # it does not wait: it is not locked
        except StopIteration:
            return Permit(self._semaphore.release)

    def close(self):
        raise NotImplementedError


class Notify:
    """An Event for each waiter."""

    def __init__(self):
        self._waiting = deque()
        self._kept = False

    async def notified(self):
        if self._kept:
            self._kept = False
            return
        event = asyncio.Event()
        self._waiting.append(event)
        try:
            await _drive(event.wait())
        except BaseException:
            if event in self._waiting:
                self._waiting.remove(event)
            elif event.chosen:
                self.notify_one()
            raise

    def notify_one(self):
        if not self._waiting:
            self._kept = True
            return
        event = self._waiting.popleft()
        event.chosen = True
        event.set()

    def notify_waiters(self):
        while self._waiting:
            event = self._waiting.popleft()
            event.chosen = False
            event.set()


class Barrier:
    def __init__(self, n):
        self._barrier = asyncio.Barrier(n)

    async def wait(self):
        return await _drive(self._barrier.wait()) == 0


class RwLock:
    def __init__(self):
        self._turn, self._free = asyncio.Lock(), asyncio.Lock()
        self._readers = 0

    def read(self):
        async def acquire():
            async with self._turn:
                if not self._readers:
                    await self._free.acquire()
                self._readers += 1
            return Permit(self._reader_leaves)

        return _Acquire(acquire)

    def _reader_leaves(self):
        self._readers -= 1
        if not self._readers:
            self._free.release()

    def write(self):
        async def acquire():
            async with self._turn:
                await self._free.acquire()
            return Permit(self._free.release)

        return _Acquire(acquire)


class AsyncSender:
    def __init__(self, queue):
        self._queue = queue

    async def send(self, v):
        await _drive(self._queue.put(v))

    def close(self):
        raise NotImplementedError


class AsyncReceiver:
    def __init__(self, queue):
        self._queue = queue

    async def recv(self):
        return await _drive(self._queue.get())

    def close(self):
        raise NotImplementedError


def amps(capacity):
    queue = asyncio.Queue(capacity)
    return AsyncSender(queue), AsyncReceiver(queue)


class RateLimiter:
    def __init__(self, rate, burst, clock):
        raise NotImplementedError

    async def acquire(self):
        raise NotImplementedError
