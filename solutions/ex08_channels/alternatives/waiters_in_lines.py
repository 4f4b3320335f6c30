"""ex08, another way: whoever must wait stands in a line with an event of their own, and is served by name."""

from collections import deque
from threading import Event, Lock

from threadmarks.prelude import Full, RecvError, SendError, TryRecvError


class Waiter:
    def __init__(self, value=None):
        self.value = value
        self.end = None  # "served" or "closed"
        self.told = Event()

    def serve(self, end, value=None):
        self.end = end
        self.value = value
        self.told.set()


class Core:
    def __init__(self, capacity):
        self.lock = Lock()
        self.capacity = float("inf") if capacity is None else capacity
        self.buffer = deque()
        self.senders_line = deque()
        self.receivers_line = deque()
        self.senders = 1
        self.closed = False

    def wait_in(self, line, waiter, timeout):
        """Wait to be served; leave the line when the time is over."""
        if not waiter.told.wait(timeout):
            with self.lock:
                if waiter.end is None:
                    line.remove(waiter)
                    raise TimeoutError("waited in vain")

    def try_put(self, v):
        if self.closed:
            raise SendError(v)
        if self.receivers_line:
            self.receivers_line.popleft().serve("served", v)
            return True
        if len(self.buffer) < self.capacity:
            self.buffer.append(v)
            return True
        return False

    def try_take(self):
        """[value] or []"""
        if self.buffer:
            v = self.buffer.popleft()
            if self.senders_line:
                w = self.senders_line.popleft()
                self.buffer.append(w.value)
                w.serve("served")
            return [v]
        if self.senders_line:
            w = self.senders_line.popleft()
            v = w.value
            w.serve("served")
            return [v]
        return []


class Sender:
    def __init__(self, core):
        self.core = core
        self.open = True

    def send(self, v, timeout=None):
        core = self.core
        with core.lock:
            if core.try_put(v):
                return
            w = Waiter(v)
            core.senders_line.append(w)
        core.wait_in(core.senders_line, w, timeout)
        if w.end == "closed":
            raise SendError(v)

    def try_send(self, v):
        with self.core.lock:
            if not self.core.try_put(v):
                raise Full

    def clone(self):
        with self.core.lock:
            self.core.senders += 1
        return Sender(self.core)

    def close(self):
        core = self.core
        with core.lock:
            if self.open:
                self.open = False
                core.senders -= 1
                if core.senders == 0:
                    while core.receivers_line:
                        core.receivers_line.popleft().serve("closed")


class Receiver:
    def __init__(self, core):
        self.core = core

    def recv(self, timeout=None):
        core = self.core
        with core.lock:
            taken = core.try_take()
            if taken:
                return taken[0]
            if not core.senders:
                raise RecvError
            w = Waiter()
            core.receivers_line.append(w)
        core.wait_in(core.receivers_line, w, timeout)
        if w.end == "closed":
            raise RecvError
        return w.value

    def try_recv(self):
        core = self.core
        with core.lock:
            taken = core.try_take()
            if taken:
                return taken[0]
            if core.senders:
                raise TryRecvError.Empty
            raise TryRecvError.Disconnected

    def __iter__(self):
        try:
            while True:
                yield self.recv()
        except RecvError:
            pass

    def close(self):
        core = self.core
        with core.lock:
            core.closed = True
            core.buffer.clear()
            while core.senders_line:
                core.senders_line.popleft().serve("closed")


def channel(capacity=None):
    if capacity is not None and capacity < 0:
        raise ValueError("a capacity is not negative")
    core = Core(capacity)
    return Sender(core), Receiver(core)


class OneSender:
    def __init__(self, core):
        self.core = core
        self.spent = False

    def send(self, v):
        with self.core.lock:
            if self.spent:
                raise SendError(v)
            self.core.try_put(v)
            self._end()

    def close(self):
        with self.core.lock:
            self._end()

    def _end(self):
        self.spent = True
        self.core.senders = 0
        while self.core.receivers_line:
            self.core.receivers_line.popleft().serve("closed")


class OneReceiver(Receiver):
    pass


def oneshot():
    core = Core(1)
    return OneSender(core), OneReceiver(core)
