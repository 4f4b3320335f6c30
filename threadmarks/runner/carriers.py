"""Carriers: the operating system threads that the program's threads run on.

A controlled thread is a real OS thread, so a program's thread count is a real count. Within one schedule a carrier
carries exactly one thread; between schedules of one process it is used again, because creating OS threads is most of a
schedule's cost. A carrier parks on its own gate: waking one thread wakes nobody else.
"""

import contextvars

from threadmarks.runner import originals
from threadmarks.runner.threads import ControlledThread


class Carrier:
    """An OS thread that runs one controlled thread a schedule, and waits on its gate in between."""

    __slots__ = ("gate", "real_ident", "thread", "up")

    def __init__(self) -> None:
        self.gate = originals.allocate_lock()
        self.gate.acquire()
        self.up = originals.allocate_lock()
        self.up.acquire()
        self.thread: ControlledThread | None = None
        self.real_ident = 0
        originals.start_new_thread(self._carry, ())
        # Wait until it parks: a thread that starts up beside the program would allocate memory at a moment
        # that the machine's load decides, and with it the addresses of the program's objects.
        self.up.acquire()

    def _carry(self) -> None:
        self.real_ident = originals.get_ident()
        self.up.release()
        while True:
            self.gate.acquire()
            thread = self.thread
            if thread is None or thread.target is None:
                return
            contextvars.Context().run(thread.target)


class CarrierPool:
    """The OS threads of this process, used again from schedule to schedule."""

    __slots__ = ("_idle",)

    def __init__(self) -> None:
        self._idle: list[Carrier] = []

    def take(self) -> Carrier:
        """An idle carrier, or a new one. Raises RuntimeError when the system gives no more threads."""
        return self._idle.pop() if self._idle else Carrier()

    def give_back(self, carrier: Carrier) -> None:
        """Its thread has ended and it is parked, or about to park."""
        self._idle.append(carrier)
