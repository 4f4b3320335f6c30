"""ex08, another way: a single condition whose waiters all look again at every change; capacity 0 by counting."""

import threading
import time
from dataclasses import dataclass, field

from threadmarks.prelude import Full, RecvError, SendError, TryRecvError


@dataclass
class State:
    capacity: int | None
    changed: threading.Condition = field(default_factory=threading.Condition)
    values: list = field(default_factory=list)
    put_in: int = 0
    taken_out: int = 0
    waiting: int = 0
    senders: int = 1
    open: bool = True


class Sender:
    def __init__(self, state):
        self.state = state
        self.done = False

    def send(self, v, timeout=None):
        end = None if timeout is None else time.monotonic() + timeout
        s = self.state
        with s.changed:
            while s.open and s.capacity and len(s.values) >= s.capacity:
                wait(s, end)
            if not s.open:
                raise SendError(v)
            item = [v]
            s.values.append(item)
            s.changed.notify_all()
            if s.capacity == 0:
                while len(item) == 1 and s.open:
                    try:
                        wait(s, end)
                    except TimeoutError:
                        if len(item) == 1:
                            s.values[:] = [other for other in s.values if other is not item]
                            raise
                if len(item) == 1:
                    raise SendError(v)

    def try_send(self, v):
        s = self.state
        with s.changed:
            if not s.open:
                raise SendError(v)
            if s.capacity is not None and len(s.values) >= (s.waiting if s.capacity == 0 else s.capacity):
                raise Full
            s.values.append([v])
            s.changed.notify_all()

    def clone(self):
        with self.state.changed:
            self.state.senders += 1
            return Sender(self.state)

    def close(self):
        s = self.state
        with s.changed:
            s.senders -= not self.done
            self.done = True
            s.changed.notify_all()


def wait(s, end):
    left = None if end is None else end - time.monotonic()
    if left is not None and left <= 0:
        raise TimeoutError
    s.changed.wait(left)


def take(s):
    item = s.values.pop(0)
    item.append("taken")
    s.changed.notify_all()
    return item[0]


class Receiver:
    def __init__(self, state):
        self.state = state

    def recv(self, timeout=None):
        end = None if timeout is None else time.monotonic() + timeout
        s = self.state
        with s.changed:
            s.waiting += 1
            try:
                while not s.values and s.senders > 0:
                    wait(s, end)
            finally:
                s.waiting -= 1
            if s.values:
                return take(s)
        raise RecvError

    def try_recv(self):
        s = self.state
        with s.changed:
            if s.values:
                return take(s)
            if s.senders == 0:
                raise TryRecvError.Disconnected
            raise TryRecvError.Empty

    def __iter__(self):
        return self

    def __next__(self):
        try:
            return self.recv()
        except RecvError:
            raise StopIteration from None

    def close(self):
        s = self.state
        with s.changed:
            s.open = False
            s.values = []
            s.changed.notify_all()


def channel(capacity=None):
    if capacity is not None and capacity < 0:
        raise ValueError(capacity)
    state = State(capacity)
    return Sender(state), Receiver(state)


class Slot:
    def __init__(self):
        self.changed = threading.Condition()
        self.what = "waiting"  # "full", "taken", "closed"
        self.value = None
        self.receiving = True


class OneSender:
    def __init__(self, slot):
        self.slot = slot

    def send(self, v):
        slot = self.slot
        with slot.changed:
            if slot.what != "waiting" or not slot.receiving:
                raise SendError(v)
            slot.what, slot.value = "full", v
            slot.changed.notify_all()

    def close(self):
        slot = self.slot
        with slot.changed:
            if slot.what == "waiting":
                slot.what = "closed"
                slot.changed.notify_all()


class OneReceiver:
    def __init__(self, slot):
        self.slot = slot

    def recv(self, timeout=None):
        slot = self.slot
        with slot.changed:
            if not slot.changed.wait_for(lambda: slot.what != "waiting", timeout):
                raise TimeoutError
            if slot.what != "full":
                raise RecvError
            slot.what, value, slot.value = "taken", slot.value, None
            return value

    def close(self):
        with self.slot.changed:
            self.slot.receiving = False


def oneshot():
    slot = Slot()
    return OneSender(slot), OneReceiver(slot)
