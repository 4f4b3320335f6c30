"""Threads that wait for the kernel: each with a question that is asked again, without blocking, until the answer is yes."""

from collections.abc import Callable
from typing import Any

from threadmarks.runner import loopback, originals
from threadmarks.runner.threads import ControlledThread

SETTLE_S = 0.0005
"""Real time that the kernel gets to deliver on loopback what was just given to it."""
LATE_LOOKS = 20
LATE_PERIOD_S = 0.005
"""When nobody can run and no timer is left, the kernel is asked again for LATE_LOOKS * LATE_PERIOD_S real seconds."""


class KernelWaits:
    """The waiting threads of one schedule, in order of arrival."""

    def __init__(self, wake: Callable[[ControlledThread], None]) -> None:
        self._waiters: list[ControlledThread] = []
        self._wake = wake

    def add(self, thread: ControlledThread, poll: Callable[[], Any]) -> None:
        """`thread` is about to park until `poll()` gives something true, which it then finds in `io_result`."""
        thread.io_poll = poll
        thread.io_result = None
        self._waiters.append(thread)

    def forget(self, thread: ControlledThread) -> None:
        """Its time is over, if it was waiting here."""
        if thread in self._waiters:
            self._waiters.remove(thread)

    def poll(self) -> bool:
        """Wake the threads whose descriptors became ready. True when there was one."""
        woken = False
        for thread in list(self._waiters):
            result = thread.io_poll() if thread.io_poll is not None else None
            if result:
                self._waiters.remove(thread)
                thread.io_result = result
                self._wake(thread)
                woken = True
        return woken

    def delivers(self) -> bool:
        """Poll before time passes; after something was sent that was not seen to arrive, give the kernel a moment."""
        if not self._waiters:
            return False
        if self.poll():
            return True
        if not loopback.current.doubted:
            return False
        loopback.current.doubted = False
        originals.sleep(SETTLE_S)
        return self.poll()

    def delivers_late(self) -> bool:
        """Poll before a deadlock is called one: the kernel may still carry bytes."""
        for _ in range(LATE_LOOKS if self._waiters and loopback.current.unsure else 0):
            if self.poll():
                return True
            originals.sleep(LATE_PERIOD_S)
        return False
