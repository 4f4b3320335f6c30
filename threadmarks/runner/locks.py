"""The primitives that the standard library stands on, under the baton.

`threading`'s Condition, Event, Semaphore, Barrier, Timer, `queue`'s queues and the executors are built of locks; with
these locks they run unmodified. A release wakes one waiter but gives it nothing: whoever comes first takes the lock, as
in the interpreter's own.
"""

import sys
from typing import Any

from threadmarks.runner import baton, sights
from threadmarks.runner.clock import NS
from threadmarks.runner.threads import Waitable

TIMEOUT_MAX_S = 4_294_967.0


def _deadline_ns(timeout: float) -> int:
    scheduler = baton.active
    assert scheduler is not None
    # At least a nanosecond: a caller that computes "what is left" in floats may be left with less than the clock can show.
    return scheduler.clock.now_ns + max(1, round(timeout * NS))


def _checked_timeout(blocking: bool, timeout: float) -> float:
    """The time-out as the interpreter checks it; -1 means for ever."""
    if timeout is None:
        raise TypeError("'NoneType' object cannot be interpreted as an integer or float")
    if not blocking and timeout != -1:
        raise ValueError("can't specify a timeout for a non-blocking call")
    if timeout < 0 and timeout != -1:
        raise ValueError("timeout value must be a non-negative number")
    if timeout > TIMEOUT_MAX_S:
        raise OverflowError("timeout value is too large")
    return timeout


class ControlledLock(Waitable):
    """`threading.Lock`."""

    __slots__ = ("__weakref__", "_held")

    def __init__(self) -> None:
        self.waiters = []  # what `Waitable` says, without a call: hundreds of locks are made in a second
        self.owner = None
        self.made_line = self.taken_line = 0
        self.sight = None
        self._held = False
        scheduler = baton.active
        if scheduler is not None and scheduler.recorder.full:
            frame = sys._getframe(1)
            self.made_line = scheduler.reader.student_line(frame)
            self.sight = sights.sight_of(scheduler.reader, frame)

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock; False when it is held and the caller will not wait, or not that long."""
        timeout = _checked_timeout(blocking, timeout)
        scheduler = baton.active
        if scheduler is None:
            if self._held:
                raise RuntimeError("a lock is awaited while no schedule runs: nobody could release it")
            self._held = True
            return True
        caller = sys._getframe(1)
        if caller.f_code.co_filename in scheduler.reader.theirs:
            scheduler.point(baton.SAME, self, True)
        elif scheduler.reader.acts_for_student(caller):
            scheduler.point(0, self, True)
        else:
            scheduler.count_point()
        if self._held:
            if not blocking or timeout == 0:
                return False
            deadline_ns = _deadline_ns(timeout) if timeout > 0 else -1
            while scheduler.block(self, deadline_ns, "Lock") and self._held:
                pass  # woken, and somebody was quicker
            if self._held:
                return False
        self._held = True
        self.owner = scheduler.current
        if self.sight is not None:
            self.taken_line = sights.taken(scheduler, self.sight)
        return True

    def release(self) -> None:
        """Free the lock and wake one waiter. Raises RuntimeError when it is not held."""
        if not self._held:
            raise RuntimeError("release unlocked lock")
        self._held = False
        self.owner = None
        scheduler = baton.active
        if scheduler is not None and not scheduler.over:
            if self.sight is not None:
                sights.given_back(scheduler, self.sight)
            if self.waiters:
                scheduler.wake(scheduler.choose_waiter(self))
            scheduler.count_point()  # who takes the lock next decides itself at its own points

    def release_at_exit(self) -> None:
        """Free a lock that says that a thread has ended; no scheduling point, for its thread is gone."""
        if self._held:
            self._held = False
            self.owner = None
            scheduler = baton.active
            if scheduler is not None and self.waiters:
                scheduler.wake(self.waiters[0])

    def locked(self) -> bool:
        """Whether somebody holds it."""
        return self._held

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *exc_info: object) -> None:
        self.release()

    def _at_fork_reinit(self) -> None:
        scheduler = baton.active
        if self._held and self.sight is not None and scheduler is not None:
            sights.given_back(scheduler, self.sight)
        self._held = False
        self.owner = None
        self.waiters.clear()

    acquire_lock = acquire
    release_lock = release
    locked_lock = locked

    def __repr__(self) -> str:
        return f"<{'locked' if self._held else 'unlocked'} lock>"


class QuietLock:
    """A lock of the interpreter's own bookkeeping: nothing can be scheduled while it is held, so it is never contended."""

    __slots__ = ("__weakref__", "_depth")

    def __init__(self) -> None:
        self._depth = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Always at once."""
        self._depth += 1
        return True

    def release(self) -> None:
        """The counterpart of acquire."""
        self._depth -= 1

    def locked(self) -> bool:
        """Whether it is held."""
        return self._depth > 0

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *exc_info: object) -> None:
        self.release()

    def _at_fork_reinit(self) -> None:
        self._depth = 0


class Started(Waitable):
    """Stands in for the Event that says that a Thread has begun to run: the same, without a scheduling point.

    Starting a thread takes a dozen operations on that Event, and none of them is the student's to get wrong.
    """

    __slots__ = ("_set",)

    def __init__(self) -> None:
        super().__init__()
        self._set = False

    def is_set(self) -> bool:
        """Whether the thread runs, or ran."""
        return self._set

    def set(self) -> None:
        """The thread runs."""
        self._set = True
        scheduler = baton.active
        if scheduler is not None and not scheduler.over:
            for thread in tuple(self.waiters):
                scheduler.wake(thread)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for it; `Thread.start` does, without a time-out."""
        scheduler = baton.active
        if not self._set and scheduler is not None:
            scheduler.block(self, -1 if timeout is None else _deadline_ns(timeout), "Thread.start")
        return self._set

    def _at_fork_reinit(self) -> None:
        self.waiters.clear()


class ThreadHandle:
    """`_thread._ThreadHandle` of 3.13: lets others wait for a thread's end."""

    __slots__ = ("_done", "ident")

    def __init__(self) -> None:
        self.ident = 0
        self._done = ControlledLock()
        self._done.made_line = 0  # where its Thread was made is not where anything went wrong

    def bind(self, thread: Any) -> None:
        """The handle is that of `thread` from now on."""
        self._done._held = True
        self._done.owner = thread
        self.ident = thread.ident
        thread.exit_locks.append(self._done)

    def join(self, timeout: float | None = None) -> None:
        """Wait for the thread's end, at the most `timeout` seconds."""
        scheduler = baton.active
        if scheduler is not None and self._done.owner is scheduler.current and self._done.locked():
            raise RuntimeError("Cannot join current thread")
        if self._done.acquire(True, -1 if timeout is None or timeout < 0 else timeout):
            self._done.release()

    def is_done(self) -> bool:
        """Whether the thread has ended."""
        return not self._done.locked()

    def _set_done(self) -> None:
        self._done.release_at_exit()


def sentinel() -> ControlledLock:
    """`_thread._set_sentinel` of 3.11 and 3.12: a lock that is freed when the calling thread ends."""
    lock = ControlledLock()
    scheduler = baton.active
    if scheduler is not None:
        scheduler.current.exit_locks.append(lock)
    return lock
