"""ex09: who waits leaves a OneShotFuture of ex07 in a queue; being dropped is an exception that is caught where one waits."""

from collections import deque

from ex07 import OneShotFuture, sleep
from threadmarks.prelude import Cancelled, RecvError, SendError


async def in_queue(queue, kind, give_back, gone=lambda: None):
    """Wait in a queue until somebody has taken us out and set what we wait for."""
    place = (kind, OneShotFuture())
    queue.append(place)
    try:
        return await place[1]
    except BaseException:
        if place in queue:
            queue.remove(place)
            gone()
        else:
            give_back()
        raise


class Awaitable:
    """`await thing`, or `async with thing`."""

    def __init__(self, coroutine_function):
        self._run = coroutine_function

    def __await__(self):
        return self._run().__await__()

    async def __aenter__(self):
        self._got = await self
        return self._got

    async def __aexit__(self, *exc):
        self._got.release()


class Permit:
    def __init__(self, semaphore):
        self.semaphore = semaphore

    def release(self):
        if self.semaphore is not None:
            self.semaphore._put()
            self.semaphore = None


class Guard:
    def __init__(self, permit, mutex):
        self.permit = permit
        self.mutex = mutex

    def _get(self):
        return self.mutex.inside

    def _set(self, value):
        self.mutex.inside = value

    value = property(_get, _set)

    def release(self):
        self.permit.release()


class Semaphore:
    def __init__(self, n):
        self.n = n
        self.queue = deque()
        self.closed = False

    def _put(self):
        if self.queue:
            self.queue.popleft()[1].set(True)
        else:
            self.n += 1

    async def _get(self):
        permit = self.try_acquire()
        if permit is not None:
            return permit
        if self.closed or not await in_queue(self.queue, "", self._put):
            raise Cancelled
        return Permit(self)

    def acquire(self):
        return Awaitable(self._get)

    def try_acquire(self):
        if self.closed or self.queue or not self.n:
            return None
        self.n -= 1
        return Permit(self)

    def close(self):
        self.closed = True
        while self.queue:
            self.queue.popleft()[1].set(False)


class Mutex:
    def __init__(self, value):
        self.inside = value
        self.one = Semaphore(1)

    def lock(self):
        async def get():
            return Guard(await self.one.acquire(), self)

        return Awaitable(get)


class Notify:
    def __init__(self):
        self.stored = 0
        self.queue = deque()

    async def notified(self):
        if self.stored:
            self.stored = 0
        else:
            await in_queue(self.queue, "", self.notify_one)

    def notify_one(self):
        if self.queue:
            self.queue.popleft()[1].set(None)
        else:
            self.stored = 1

    def notify_waiters(self):
        for _ in range(len(self.queue)):
            self.queue.popleft()[1].set(None)


class Barrier:
    def __init__(self, n):
        self.n = n
        self.rounds = {}
        self.number = 0

    async def wait(self):
        waiting = self.rounds.setdefault(self.number, [])
        if len(waiting) + 1 == self.n:
            del self.rounds[self.number]
            self.number += 1
            for each in waiting:
                each.set(False)
            return True
        mine = OneShotFuture()
        waiting.append(mine)
        return await mine


class Lease:
    def __init__(self, lock, kind):
        self.lock, self.kind = lock, kind

    def release(self):
        if self.kind:
            kind, self.kind = self.kind, ""
            self.lock._out(kind)


class RwLock:
    def __init__(self):
        self.inside = []
        self.queue = deque()

    def _fits(self, kind):
        return not self.inside or (kind == "r" and "w" not in self.inside)

    def _out(self, kind):
        self.inside.remove(kind)
        self._next()

    def _next(self):
        while self.queue and self._fits(self.queue[0][0]):
            kind, one = self.queue.popleft()
            self.inside.append(kind)
            one.set(None)

    def _in(self, kind):
        async def get():
            if self.queue or not self._fits(kind):
                await in_queue(self.queue, kind, lambda: self._out(kind), self._next)
            else:
                self.inside.append(kind)
            return Lease(self, kind)

        return Awaitable(get)

    def read(self):
        return self._in("r")

    def write(self):
        return self._in("w")


class AsyncSender:
    def __init__(self, state):
        self.state = state

    async def send(self, v):
        try:
            await self.state["room"].acquire()
        except Cancelled:
            raise SendError(v) from None
        self.state["values"].append([v])
        self.state["filled"]._put()

    def close(self):
        self.state["values"].append([])
        self.state["filled"]._put()


class AsyncReceiver:
    def __init__(self, state):
        self.state = state

    async def recv(self):
        await self.state["filled"].acquire()
        values = self.state["values"]
        if not values[0]:
            self.state["filled"]._put()
            raise RecvError
        self.state["room"]._put()
        return values.popleft()[0]

    def close(self):
        self.state["room"].close()


def amps(capacity):
    state = {"room": Semaphore(capacity), "filled": Semaphore(0), "values": deque()}
    return AsyncSender(state), AsyncReceiver(state)


class RateLimiter:
    def __init__(self, rate, burst, clock):
        self.rate, self.burst, self.clock = rate, burst, clock
        self.turn = Semaphore(1)
        self.level, self.at = float(burst), clock.now()

    def _fill(self):
        now = self.clock.now()
        self.level = min(self.burst, self.level + (now - self.at) * self.rate)
        self.at = now

    async def acquire(self):
        async with self.turn.acquire():  # one after the other waits for its token
            self._fill()
            if self.level < 1 - 1e-9:
                await sleep((1 - self.level) / self.rate)
                self._fill()
            self.level -= 1
