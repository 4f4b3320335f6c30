# /// wrong
# misconception = "Whether there is something can be asked before one waits"
# must_fail = [{ check = "close_semantics", finding = "slept-through-it" }]
# may_fail = ["backpressure", "guard", "timeout"]
# verdict = "race"
# ///

import threading
from collections import deque
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from threadmarks.prelude import Full, RecvError, SendError, TryRecvError

T = TypeVar("T")


class _Offer(Generic[T]):
    """A value in the channel, and whether somebody has taken it: with capacity 0 its sender waits for that."""

    def __init__(self, value: T) -> None:
        self.value = value
        self.taken = False


class _Channel(Generic[T]):
    """What the two ends share. Every field below the lock is guarded by it."""

    def __init__(self, capacity: int | None) -> None:
        if capacity is not None and capacity < 0:
            raise ValueError(f"a channel cannot hold {capacity} values")
        self.capacity = capacity
        self.lock = threading.Lock()
        self.not_empty = threading.Condition(self.lock)  # waiting for a value: receivers
        self.not_full = threading.Condition(self.lock)  # waiting for room, or for an offer to be taken: senders
        self.offers: deque[_Offer[T]] = deque()
        self.senders = 1
        self.receiving = True
        self.waiting = 0  # receivers that wait

    @property
    def full(self) -> bool:
        """Whether a value would have to wait. With capacity 0, each needs a receiver who waits for it."""
        if self.capacity is None:
            return False
        return len(self.offers) >= (self.capacity or self.waiting)

    def put(self, value: T) -> _Offer[T]:
        offer = _Offer(value)
        self.offers.append(offer)
        self.not_empty.notify()
        return offer

    def take(self) -> T:
        offer = self.offers.popleft()
        offer.taken = True
        if self.capacity == 0:
            self.not_full.notify_all()  # each sender waits for its own offer
        else:
            self.not_full.notify()
        return offer.value


class Sender(Generic[T]):
    """One of the senders of a channel."""

    def __init__(self, shared: _Channel[T]) -> None:
        self._shared = shared
        self._closed = False

    def send(self, v: T, timeout: float | None = None) -> None:
        shared = self._shared
        with shared.lock:
            if shared.capacity == 0:
                self._hand_over(v, timeout)
                return
            if not shared.not_full.wait_for(lambda: not shared.full or not shared.receiving, timeout):
                raise TimeoutError(f"no room after {timeout} s")
            if not shared.receiving:
                raise SendError(v)
            shared.put(v)

    def _hand_over(self, v: T, timeout: float | None) -> None:
        """Offer the value, and wait until it is taken. Call it with the lock."""
        shared = self._shared
        if not shared.receiving:
            raise SendError(v)
        offer = shared.put(v)
        shared.not_full.wait_for(lambda: offer.taken or not shared.receiving, timeout)
        if offer.taken:
            return
        if not shared.receiving:
            raise SendError(v)
        shared.offers.remove(offer)  # whoever gives up takes the offer back
        raise TimeoutError(f"nobody took it within {timeout} s")

    def try_send(self, v: T) -> None:
        shared = self._shared
        with shared.lock:
            if not shared.receiving:
                raise SendError(v)
            if shared.full:
                raise Full
            shared.put(v)

    def clone(self) -> "Sender[T]":
        with self._shared.lock:
            self._shared.senders += 1
        return Sender(self._shared)

    def close(self) -> None:
        with self._shared.lock:
            if self._closed:
                return
            self._closed = True
            self._shared.senders -= 1
            if self._shared.senders == 0:
                self._shared.not_empty.notify_all()  # all of them: nothing will come for anybody


class Receiver(Generic[T]):
    """The receiving end of a channel."""

    def __init__(self, shared: _Channel[T]) -> None:
        self._shared = shared

    def recv(self, timeout: float | None = None) -> T:
        shared = self._shared
        nothing = not shared.offers and shared.senders > 0
        with shared.lock:
            there = True
            shared.waiting += 1
            try:
                if nothing:
                    shared.not_empty.wait(timeout)
                    there = shared.not_empty.wait_for(lambda: shared.offers or not shared.senders, 0)
            finally:
                shared.waiting -= 1
            if not there:
                raise TimeoutError(f"nothing came within {timeout} s")
            if not shared.offers:
                raise RecvError("all senders are closed")
            return shared.take()

    def try_recv(self) -> T:
        shared = self._shared
        with shared.lock:
            if shared.offers:  # looking and taking is one step
                return shared.take()
            raise TryRecvError.Empty if shared.senders else TryRecvError.Disconnected

    def __iter__(self) -> Iterator[T]:
        while True:
            try:
                value = self.recv()
            except RecvError:
                return
            yield value

    def close(self) -> None:
        shared = self._shared
        with shared.lock:
            shared.receiving = False
            shared.offers.clear()
            shared.not_full.notify_all()


def channel(capacity: int | None = None) -> tuple[Sender[T], Receiver[T]]:
    shared: _Channel[T] = _Channel(capacity)
    return Sender(shared), Receiver(shared)


class OneSender(Generic[T]):
    """The sender of a channel for a single value: it closes after that."""

    def __init__(self, sender: Sender[T]) -> None:
        self._sender = sender
        self._lock = threading.Lock()
        self._open = True

    def send(self, v: T) -> None:
        with self._lock:
            was_open, self._open = self._open, False
        if not was_open:
            raise SendError(v)
        try:
            self._sender.send(v)
        finally:
            self._sender.close()

    def close(self) -> None:
        with self._lock:
            was_open, self._open = self._open, False
        if was_open:  # a send that is under way closes it by itself
            self._sender.close()


class OneReceiver(Generic[T]):
    """The receiver of a channel for a single value."""

    def __init__(self, receiver: Receiver[T]) -> None:
        self._receiver = receiver

    def recv(self, timeout: float | None = None) -> T:
        return self._receiver.recv(timeout)

    def close(self) -> None:
        self._receiver.close()


def oneshot() -> tuple[OneSender[Any], OneReceiver[Any]]:
    sender, receiver = channel()
    return OneSender(sender), OneReceiver(receiver)
