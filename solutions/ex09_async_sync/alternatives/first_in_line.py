"""ex09: a turn is taken at its poll: "am I the first in line, and is there room?" Who leaves wakes the first."""

from threadmarks.prelude import PENDING, Cancelled, Future, PolledAfterReady, Ready, RecvError, SendError

from ex07 import sleep


class Line:
    def __init__(self):
        self.turns = []

    def nudge(self):
        if self.turns and self.turns[0].waker is not None:
            self.turns[0].waker.wake()


class Turn(Future):
    """Ready with `take()` when it is the first of its line and `fits()`."""

    def __init__(self, line, fits, take):
        self.line, self.fits, self.take = line, fits, take
        self.waker = None
        self.over = False

    def poll(self, cx):
        if self.over:
            raise PolledAfterReady
        turns = self.line.turns
        if self.waker is None:
            turns.append(self)
        self.waker = cx.waker
        if turns[0] is not self or not self.fits():
            return PENDING
        turns.pop(0)
        self.over = True
        taken = self.take()
        self.line.nudge()
        if isinstance(taken, Exception):
            raise taken
        return Ready(taken)

    def close(self):
        self.over = True
        if self in self.line.turns:
            self.line.turns.remove(self)
            self.line.nudge()


class Holding:
    def __init__(self, turn):
        self.turn = turn

    def __await__(self):
        return self.turn.__await__()

    async def __aenter__(self):
        self.thing = await self.turn
        return self.thing

    async def __aexit__(self, *exc):
        self.thing.release()


class Permit:
    def __init__(self, give):
        self.give = give

    def release(self):
        if self.give:
            give, self.give = self.give, None
            give()


class Guard(Permit):
    def __init__(self, mutex, give):
        super().__init__(give)
        self.mutex = mutex

    @property
    def value(self):
        return self.mutex.content

    @value.setter
    def value(self, value):
        self.mutex.content = value

    def release(self):
        super().release()


class Semaphore:
    def __init__(self, n):
        self.free = n
        self.closed = False
        self.line = Line()

    def made(self):
        return Permit(self.give)

    def give(self):
        self.free += 1
        self.line.nudge()

    def take(self):
        if self.closed:
            return Cancelled()
        self.free -= 1
        return self.made()

    def acquire(self):
        return Holding(Turn(self.line, lambda: self.closed or self.free > 0, self.take))

    def try_acquire(self):
        if self.closed or self.free == 0 or self.line.turns:
            return None
        return self.take()

    def close(self):
        self.closed = True
        self.line.nudge()


class Mutex(Semaphore):
    def __init__(self, value):
        super().__init__(1)
        self.content = value

    def made(self):
        return Guard(self, self.give)

    def lock(self):
        return self.acquire()


class Notify:
    def __init__(self):
        self.line = Line()
        self.stored = False
        self.called = []

    def notified(self):
        turn = Turn(self.line, lambda: False, lambda: None)

        class Notified(Future):
            def poll(_, cx):
                if turn in self.called:
                    self.called.remove(turn)
                    return Ready(None)
                if turn.waker is None and self.stored:
                    self.stored = False
                    return Ready(None)
                return turn.poll(cx)

            def close(_):
                if turn in self.called:
                    self.called.remove(turn)
                    self.notify_one()
                else:
                    turn.close()

        return Notified()

    def call(self):
        turn = self.line.turns.pop(0)
        self.called.append(turn)
        turn.waker.wake()

    def notify_one(self):
        if self.line.turns:
            self.call()
        else:
            self.stored = True

    def notify_waiters(self):
        while self.line.turns:
            self.call()


class Barrier:
    def __init__(self, n):
        self.n = n
        self.here = []

    async def wait(self):
        mine = self.here
        if len(mine) == self.n - 1:
            self.here = []
            for come in mine:
                come.notify_one()
            return True
        come = Notify()
        mine.append(come)
        await come.notified()
        return False


class RwLock:
    def __init__(self):
        self.inside = 0  # -1: a writer
        self.line = Line()

    def read(self):
        def take():
            self.inside += 1
            return Permit(self.reader_leaves)

        return Holding(Turn(self.line, lambda: self.inside >= 0, take))

    def write(self):
        def take():
            self.inside = -1
            return Permit(self.writer_leaves)

        return Holding(Turn(self.line, lambda: self.inside == 0, take))

    def reader_leaves(self):
        self.inside -= 1
        self.line.nudge()

    def writer_leaves(self):
        self.inside = 0
        self.line.nudge()


class Channel:
    def __init__(self, capacity):
        self.capacity = capacity
        self.values = []
        self.no_more = self.nobody = False
        self.senders, self.receivers = Line(), Line()


class AsyncSender:
    def __init__(self, channel):
        self.channel = channel

    async def send(self, v):
        channel = self.channel

        def put():
            if channel.nobody:
                return SendError(v)
            channel.values.append(v)
            channel.receivers.nudge()

        await Turn(channel.senders, lambda: channel.nobody or len(channel.values) < channel.capacity, put)

    def close(self):
        self.channel.no_more = True
        self.channel.receivers.nudge()


class AsyncReceiver:
    def __init__(self, channel):
        self.channel = channel

    async def recv(self):
        channel = self.channel

        def get():
            if not channel.values:
                return RecvError()
            value = channel.values.pop(0)
            channel.senders.nudge()
            return value

        return await Turn(channel.receivers, lambda: channel.values or channel.no_more, get)

    def close(self):
        self.channel.nobody = True
        self.channel.senders.nudge()


def amps(capacity):
    channel = Channel(capacity)
    return AsyncSender(channel), AsyncReceiver(channel)


class RateLimiter:
    """Keeps when the next token is due, as if the bucket were full at first."""

    def __init__(self, rate, burst, clock):
        self.step = 1 / rate
        self.room = burst * self.step
        self.clock = clock
        self.due = clock.now() - self.room

    async def acquire(self):
        now = self.clock.now()
        self.due = max(self.due, now - self.room) + self.step
        if self.due > now:
            await sleep(self.due - now)
