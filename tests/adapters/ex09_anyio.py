# /// adapter
# library = "anyio"
# packages = ["anyio", "typing_extensions"]
# exercise = "ex09"
# must_fail = [{ check = "permits", finding = "not-implemented" }, { check = "rate", finding = "not-implemented" }]
# policy = ["importlib", "marshal", "base64", "zlib", "exec", "2 more things"]
# score = 10
# ///
"""anyio's Lock, Semaphore, Event and memory object stream as a submission to ex09, each call in a task of a real asyncio loop.

anyio asks for the asyncio task that calls it, so nothing but such a task can use it: a lock belongs to the task that took it. So each call here
is one, on a loop of asyncio's that has a turn whenever something was begun, released or dropped; the task of ex07 awaits its end.

True of anyio: a Semaphore cannot be closed, and there is no rate limiter: `permits` and `rate` say so. It has no Notify, no Barrier and no RwLock
either; the ones below are put together from its semaphores, events and locks. Whatever order and exclusion the exercise asks for, its locks,
semaphores and streams keep, also when waiters are dropped; and both ends of a stream tell that the other was closed. A file may not bring
code of others with it, which caps the exercise at half its points.
"""

import asyncio

import anyio
from anyio.abc import ObjectReceiveStream, ObjectSendStream

from threadmarks.prelude import PENDING, Future, Ready, RecvError, SendError

_loop = asyncio.new_event_loop()


def _turn():
    """Let the loop run until none of its tasks can go on."""
    _loop.call_soon(_loop.stop)
    _loop.run_forever()
    while _loop._ready:
        _loop.call_soon(_loop.stop)
        _loop.run_forever()


def _now(function):
    """Call a function that does not wait in a task of the loop."""

    async def call():
        return function()

    task = _loop.create_task(call())
    _turn()
    return task.result()


class _Call(Future):
    """What a task of the loop gives. Dropped, the task is cancelled; what it has given already is handed to `give_back`."""

    def __init__(self, run, give_back=lambda _: None):
        self._run = run
        self._give_back = give_back
        self._task = None
        self._waker = None

    def poll(self, cx):
        if self._task is None:
            self._task = _loop.create_task(self._run())
            self._task.add_done_callback(self._ended)
            _turn()
        if self._task.done():
            return Ready(self._task.result())
        self._waker = cx.waker
        return PENDING

    def _ended(self, _task):
        if self._waker is not None:
            self._waker.wake()

    def close(self):
        if self._task is None:
            return
        if not self._task.done():
            self._task.cancel()
            _turn()
        elif not self._task.cancelled():
            self._give_back(self._task.result())


class _Held:
    """A lock or a permit in the hands of a task of the loop, which waits until it is told to let go."""

    def __init__(self, thing):
        self._let_go = _loop.create_future()
        self._taken = _loop.create_future()
        self._holder = _loop.create_task(self._hold(thing))

    async def _hold(self, thing):
        async with thing:
            self._taken.set_result(None)
            await self._let_go

    async def taken(self):
        try:
            await self._taken
        except asyncio.CancelledError:
            self._holder.cancel()
            raise

    def release(self):
        if not self._let_go.done():
            self._let_go.set_result(None)
            _turn()


class _Acquire:
    """To be awaited, or entered. `make` gives the guard, which is not there before the first poll."""

    def __init__(self, thing, make=lambda held: held):
        self._thing = thing
        self._make = make

    async def _take(self):
        held = _Held(self._thing)
        await held.taken()
        return self._make(held)

    def __await__(self):
        return _Call(self._take, lambda held: held.release()).__await__()

    async def __aenter__(self):
        self._held = await self
        return self._held

    async def __aexit__(self, *exc):
        self._held.release()


class Permit:
    def release(self):
        raise NotImplementedError


class Guard:
    def __init__(self, mutex, held):
        self._mutex = mutex
        self._held = held

    @property
    def value(self):
        return self._mutex._value

    @value.setter
    def value(self, value):
        self._mutex._value = value

    def release(self):
        self._held.release()


class Mutex:
    def __init__(self, value):
        self._value = value
        self._lock = anyio.Lock()

    def lock(self):
        return _Acquire(self._lock, lambda held: Guard(self, held))


class Semaphore:
    def __init__(self, n):
        self._semaphore = anyio.Semaphore(n)

    def acquire(self):
        return _Acquire(self._semaphore)

    def try_acquire(self):
        try:
            _now(self._semaphore.acquire_nowait)
        except anyio.WouldBlock:
            return None
        return _Once(self._semaphore.release)

    def close(self):
        raise NotImplementedError


class _Once:
    """Gives something back, once."""

    def __init__(self, give):
        self._give = give

    def release(self):
        give, self._give = self._give, None
        if give is not None:
            _now(give)


class Notify:
    def __init__(self):
        self._semaphore = anyio.Semaphore(0)
        self._waiting = 0

    async def notified(self):
        self._waiting += 1
        try:
            await _Call(self._semaphore.acquire, lambda _: _now(self._semaphore.release))
        finally:
            self._waiting -= 1

    def notify_one(self):
        if self._waiting or not self._semaphore.value:
            _now(self._semaphore.release)

    def notify_waiters(self):
        for _ in range(self._waiting):
            _now(self._semaphore.release)


class Barrier:
    def __init__(self, n):
        self._missing, self._size = n, n
        self._all_here = anyio.Event()

    async def wait(self):
        return await _Call(self._meet)

    async def _meet(self):
        self._missing -= 1
        if self._missing:
            await self._all_here.wait()
            return False
        self._all_here.set()
        self._missing, self._all_here = self._size, anyio.Event()
        return True


class RwLock:
    def __init__(self):
        self._turn, self._free = anyio.Lock(), anyio.Semaphore(1)
        self._readers = 0

    def read(self):
        return _Acquire(self._reading())

    def write(self):
        return _Acquire(self._writing())

    def _reading(self):
        return _Block(self._reader_comes, self._reader_leaves)

    def _writing(self):
        return _Block(self._writer_comes, self._free.release)

    async def _reader_comes(self):
        async with self._turn:
            if not self._readers:
                await self._free.acquire()
            self._readers += 1

    def _reader_leaves(self):
        self._readers -= 1
        if not self._readers:
            self._free.release()

    async def _writer_comes(self):
        async with self._turn:
            await self._free.acquire()


class _Block:
    """An `async with` made of two functions."""

    def __init__(self, come, leave):
        self._come = come
        self._leave = leave

    async def __aenter__(self):
        await self._come()

    async def __aexit__(self, *exc):
        self._leave()


class AsyncSender:
    def __init__(self, stream: ObjectSendStream):
        self._stream = stream

    async def send(self, v):
        try:
            await _Call(lambda: self._stream.send(v))
        except anyio.BrokenResourceError:
            raise SendError(v) from None

    def close(self):
        _now(self._stream.close)


class AsyncReceiver:
    def __init__(self, stream: ObjectReceiveStream):
        self._stream = stream

    async def recv(self):
        try:
            return await _Call(self._stream.receive)
        except anyio.EndOfStream:
            raise RecvError from None

    def close(self):
        _now(self._stream.close)


def amps(capacity):
    sender, receiver = anyio.create_memory_object_stream(capacity)
    return AsyncSender(sender), AsyncReceiver(receiver)


class RateLimiter:
    def __init__(self, rate, burst, clock):
        raise NotImplementedError

    async def acquire(self):
        raise NotImplementedError
