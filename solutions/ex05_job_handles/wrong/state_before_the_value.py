# /// wrong
# misconception = "The state may be changed before the value is there"
# must_fail = [{ check = "many_waiters", finding = "told-too-early" }]
# may_fail = ["callbacks", "cancel", "value_none", "unobserved"]
# ///

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from enum import Enum
from functools import partial
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from threadmarks.prelude import Cancelled, Job, JoinError, PoolClosed

T = TypeVar("T")
X = TypeVar("X")


class _State(Enum):
    PENDING = "pending"
    RUNNING = "running"
    RETURNED = "returned"
    PANICKED = "panicked"
    CANCELLED = "cancelled"


_ENDS = frozenset({_State.RETURNED, _State.PANICKED, _State.CANCELLED})


class JobHandle(Generic[T]):
    """What `Pool.submit` returns: written once by the pool, read by anyone, any number of times."""

    def __init__(self, job: Callable[[], T], *, asked: bool = False) -> None:
        self._job = job
        # Guards all that follows; its waiters are those who ask for the end.
        self._changed = threading.Condition()
        self._state = _State.PENDING
        self._value: Any = None  # of any kind, None too: whether there is one, the state says
        self._error: BaseException | None = None
        self._callbacks: list[Callable[[JobHandle[T]], object]] = []
        self._asked = asked

    def result(self, timeout: float | None = None) -> T:
        if self._state not in _ENDS:
            self._wait(timeout)
        self._asked = True
        if self._state is _State.CANCELLED:
            raise Cancelled
        if self._error is not None:
            raise JoinError(self._error)
        return self._value

    def exception(self, timeout: float | None = None) -> BaseException | None:
        self._wait(timeout)
        return self._error

    def done(self) -> bool:
        with self._changed:
            return self._state in _ENDS

    def cancel(self) -> bool:
        return self._change(_State.PENDING, _State.CANCELLED)

    def add_done_callback(self, fn: Callable[["JobHandle[T]"], object]) -> None:
        with self._changed:
            if self._state not in _ENDS:
                self._callbacks.append(fn)
                return
        self._call(fn)

    def _wait(self, timeout: float | None) -> None:
        """Sleep until the end, look at the state, whoever woke us. Afterwards nothing changes any more."""
        with self._changed:
            self._asked = True
            if not self._changed.wait_for(lambda: self._state in _ENDS, timeout):
                raise TimeoutError(f"the job has not ended after {timeout} s")
            if self._state is _State.CANCELLED:
                raise Cancelled("the job was cancelled before it started")

    def run(self) -> bool:
        """Run the job, unless it was cancelled. Whether it panicked."""
        if not self._change(_State.PENDING, _State.RUNNING):
            return False
        try:
            value = self._job()
        except BaseException as error:  # SystemExit too: a panic ends the job and nothing else
            self._change(_State.RUNNING, _State.PANICKED, error=error)
            return True
        self._change(_State.RUNNING, _State.RETURNED, value=value)
        return False

    @property
    def unobserved(self) -> BaseException | None:
        """The panic that nobody asked for."""
        with self._changed:
            return None if self._asked else self._error

    def _change(self, old: _State, new: _State, value: Any = None, error: BaseException | None = None) -> bool:
        """The one place where the state changes: looking at it and changing it is one step."""
        with self._changed:
            if self._state is not old:
                return False
            self._state = new
            self._value = value
            self._error = error
            if new not in _ENDS:
                return True
            callbacks, self._callbacks = self._callbacks, []
            self._changed.notify_all()
        for fn in callbacks:  # without the lock: they may ask this handle
            self._call(fn)
        return True

    def _call(self, fn: Callable[["JobHandle[T]"], object]) -> None:
        with suppress(BaseException):
            fn(self)


class Pool:
    """The pool of ex02, with handles."""

    def __init__(self, size: int, name: str = "worker") -> None:
        if size < 1:
            raise ValueError(f"a pool needs at least one worker, not {size}")
        self.size = size
        self.panics = 0
        self.unobserved: list[BaseException] = []
        # Guards the fields below; tells when a job comes, when one has ended, and when the pool closes.
        self._changed = threading.Condition()
        self._queue: deque[JobHandle[Any]] = deque()
        self._unfinished = 0  # accepted and not yet ended: in the queue, or at a worker
        self._panicked: list[JobHandle[Any]] = []  # of `submit`: somebody may still ask them
        self._closed = False
        self._workers = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True) for number in range(size)
        ]
        for worker in self._workers:
            worker.start()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._closed)
                if not self._queue:
                    return
                handle = self._queue.popleft()
            panicked = handle.run()
            with self._changed:
                self.panics += panicked
                self._ended(handle, panicked)

    def _ended(self, handle: JobHandle[Any], panicked: bool) -> None:
        """One accepted job less. Call it with the lock."""
        if panicked:
            self._panicked.append(handle)
        self._unfinished -= 1
        if self._unfinished == 0:
            self._changed.notify_all()

    def submit(self, f: Callable[..., T], *args: Any, **kw: Any) -> JobHandle[T]:
        handle = JobHandle(partial(f, *args, **kw))
        self._accept(handle)
        return handle

    def execute(self, job: Job, *args: Any, **kw: Any) -> None:
        self._accept(JobHandle(partial(job, *args, **kw), asked=True))  # nobody can ask: its panic is only counted

    def _accept(self, handle: JobHandle[Any]) -> None:
        with self._changed:  # one step with the look at the flag: nothing is accepted and then forgotten
            if self._closed:
                raise PoolClosed("the pool takes no more jobs")
            self._unfinished += 1
            self._queue.append(handle)
            self._changed.notify_all()  # whoever waits for idleness waits here too, so one wake-up might go astray

    def map(self, f: Callable[[X], T], xs: Iterable[X], timeout: float | None = None) -> list[T]:
        deadline = None if timeout is None else time.monotonic() + timeout
        handles = [self.submit(f, x) for x in xs]  # all of them, before the first is asked
        return [handle.result(None if deadline is None else max(0, deadline - time.monotonic())) for handle in handles]

    def wait_idle(self, timeout: float | None = None) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._unfinished == 0, timeout)

    def close(self, cancel_pending: bool = False) -> None:
        with self._changed:
            self._closed = True
            pending = list(self._queue) if cancel_pending else []
            if pending:
                self._queue.clear()
            self._changed.notify_all()
        for handle in pending:  # without the lock: cancelling runs callbacks
            handle.cancel()
            with self._changed:
                self._ended(handle, panicked=False)
        for worker in self._workers:
            worker.join()
        with self._changed:
            lost = [handle.unobserved for handle in self._panicked]
            self.unobserved = [error for error in lost if error is not None]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
