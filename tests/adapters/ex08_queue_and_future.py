# /// adapter
# library = "queue.Queue and concurrent.futures.Future"
# exercise = "ex08"
# must_fail = [
#   { check = "fifo_per_sender", finding = "iteration-never-ends" },
#   { check = "all_delivered", finding = "not-ended" },
#   { check = "close_semantics", finding = "end-not-told" },
#   { check = "backpressure", finding = "not-handed-over" },
#   { check = "timeout", finding = "wrong-time-out" },
#   { check = "none_is_a_value", finding = "value-not-delivered" },
# ]
# policy = ["queue", "concurrent.futures"]
# score = 7
# ///
"""`queue.Queue` as the channel of ex08, and a `concurrent.futures.Future` as its oneshot.

True of them: a Queue knows no end (before Python 3.13, which gave it `shutdown`): whoever iterates, or waits for the last value, waits
for ever. It cannot hand over: its size 0 means no bound, so a send never waits there, and never times out. Values and their order, room, waiting
and looking-and-taking are as ex08 asks for; only that it does not end costs the checks that receive until the end. A Future is a
oneshot, but for the second look at its value, which this adapter refuses. The imports are not allowed, which caps the exercise at half its points.
"""

import queue
import threading
from concurrent.futures import CancelledError, Future, InvalidStateError

from threadmarks.prelude import Full, RecvError, SendError, TryRecvError


class Sender:
    def __init__(self, values):
        self._values = values

    def send(self, v, timeout=None):
        try:
            self._values.put(v, timeout=timeout)
        except queue.Full:
            raise TimeoutError from None

    def try_send(self, v):
        try:
            self._values.put_nowait(v)
        except queue.Full:
            raise Full from None

    def clone(self):
        return Sender(self._values)

    def close(self):
        """A Queue has no such thing."""


class Receiver:
    def __init__(self, values):
        self._values = values

    def recv(self, timeout=None):
        try:
            return self._values.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError from None

    def try_recv(self):
        try:
            return self._values.get_nowait()
        except queue.Empty:
            raise TryRecvError.Empty from None

    def __iter__(self):
        while True:
            yield self.recv()

    def close(self):
        """A Queue has no such thing."""


def channel(capacity=None):
    if capacity is not None and capacity < 0:
        raise ValueError(capacity)
    values = queue.Queue(capacity or 0)
    return Sender(values), Receiver(values)


class OneSender:
    def __init__(self, future):
        self._future = future

    def send(self, v):
        try:
            self._future.set_result(v)
        except InvalidStateError:
            raise SendError(v) from None

    def close(self):
        try:
            self._future.set_exception(RecvError())
        except InvalidStateError:
            pass


class OneReceiver:
    def __init__(self, future):
        self._future = future
        self._once = threading.Lock()

    def recv(self, timeout=None):
        try:
            value = self._future.result(timeout)
        except CancelledError:
            raise RecvError from None
        if not self._once.acquire(blocking=False):
            raise RecvError
        return value

    def close(self):
        self._future.cancel()


def oneshot():
    future = Future()
    return OneSender(future), OneReceiver(future)
