# /// wrong
# misconception = "A poll that raises ends the task that awaits it: there is nothing to throw into a coroutine"
# must_fail = [{ check = "parallel", finding = "panic-not-told" }]
# ///

import heapq
import threading
import time
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass
from enum import Enum, auto
from itertools import count
from typing import Any, Generic, TypeVar

from threadmarks.prelude import PENDING, Cancelled, Clock, Context, Future, JoinError, NoRuntime, Ready, Waker

T = TypeVar("T")
DUE_S = 1e-6  # a deadline this near is due: clocks are floating point


class _State(Enum):
    IDLE = auto()
    QUEUED = auto()
    RUNNING = auto()
    WOKEN = auto()
    OVER = auto()


@dataclass
class Stats:
    """All counts change under the runtime's lock: `polls += 1` on four threads at once loses some."""

    threads: int = 0
    polls: int = 0
    parks: int = 0
    max_tasks_alive: int = 0


class _Task:
    """A coroutine that was handed to the runtime; also the waker and the context of its polls."""

    def __init__(self, runtime: "MultiRuntime", coro: Coroutine[Any, Any, Any]) -> None:
        self.value: Any = None
        self.panic: BaseException | None = None
        self.cancelled = False
        self._runtime = runtime
        self._coro = coro
        self._awaited: Any = None  # what the coroutine waits for; None before its first step
        self._lock = threading.Lock()  # guards the two fields below
        self._state = _State.QUEUED
        self._joiner: Waker | None = None

    @property
    def waker(self) -> Waker:
        return self

    def clone(self) -> Waker:
        return self

    def will_wake(self, other: Waker) -> bool:
        return other is self

    def wake(self) -> None:
        with self._lock:
            if self._state is _State.RUNNING:
                self._state = _State.WOKEN
            if self._state is not _State.IDLE:
                return
            self._state = _State.QUEUED
        self._runtime._push(self)  # one thread comes here: whoever made it QUEUED

    def run(self) -> None:
        """Poll it. The worker that took it out of the queue is the only one that can be here."""
        with self._lock:
            self._state = _State.RUNNING
        try:
            outcome = self._advance()  # without the lock: the others go on, and may wake it meanwhile
        except BaseException as error:  # SystemExit, too, ends this task and no worker
            self._finish(panic=error)
            return
        if outcome is not PENDING:
            self._finish(value=outcome.value)
            return
        with self._lock:
            again = self._state is _State.WOKEN
            self._state = _State.QUEUED if again else _State.IDLE
        if again:
            self._runtime._push(self)

    def _advance(self) -> Any:
        """One poll: poll what the coroutine awaits, and run it from await to await as long as that is ready."""
        outcome: Any = None
        while True:
            if self._awaited is not None:
                outcome = self._awaited.poll(self)
                if outcome is PENDING:
                    return PENDING
            try:
                self._awaited = self._coro.send(outcome)
            except StopIteration as stop:
                return Ready(stop.value)

    def drop(self) -> None:
        """Give up on it; its `finally` blocks run. No worker is there any more that could be polling it."""
        error = None
        try:
            self._coro.close()
        except BaseException as raised:
            error = raised
        self._finish(panic=error, cancelled=error is None)

    def _finish(self, value: Any = None, panic: BaseException | None = None, *, cancelled: bool = False) -> None:
        self.value, self.panic, self.cancelled = value, panic, cancelled
        with self._lock:
            self._state = _State.OVER
            joiner = self._joiner
        self._runtime._forget(self)
        if joiner is not None:
            joiner.wake()

    def over_or_wakes(self, joiner: Waker) -> bool:
        """Whether it has ended; if not, its end will wake the joiner. One step: no end can slip through in between."""
        with self._lock:
            self._joiner = joiner
            return self._state is _State.OVER


class _Caller:
    """Whoever waits in block_on is a thread and no task; this is its waker."""

    def __init__(self) -> None:
        self.called = threading.Event()

    def wake(self) -> None:
        self.called.set()

    def clone(self) -> Waker:
        return self

    def will_wake(self, other: Waker) -> bool:
        return other is self


class JoinFuture(Future[T], Generic[T]):
    """The end of a spawned task."""

    def __init__(self, task: _Task) -> None:
        self._task = task

    def poll(self, cx: Context) -> Any:
        task = self._task
        if not task.over_or_wakes(cx.waker.clone()):
            return PENDING
        if task.cancelled:
            raise Cancelled("the runtime was shut down")
        if task.panic is not None:
            raise JoinError(task.panic)
        return Ready(task.value)


class _SystemClock:
    """The default clock."""

    def now(self) -> float:
        return time.monotonic()

    def park(self, timeout: float | None) -> None:
        raise RuntimeError("workers sleep on their conditions")


_here = threading.local()  # .runtime: the one whose worker this thread is


class MultiRuntime:
    """Workers that take tasks from one queue, and timers from one heap.

    A worker that finds neither sleeps until the earliest deadline, or until it is notified: one worker for each task that becomes
    ready, all of them when the earliest deadline has changed. So all sleepers know it, and it is never left to a single one
    that may be busy with a task by then.
    """

    def __init__(self, workers: int = 4, clock: Clock | None = None) -> None:
        self.stats = Stats(threads=workers)
        self._clock: Clock = _SystemClock() if clock is None else clock
        self._changed = threading.Condition()  # its lock guards all that follows, and the stats
        self._ready: deque[_Task] = deque()
        self._timers: list[tuple[float, int, Waker]] = []
        self._numbers = count()  # breaks ties between equal deadlines
        self._alive: dict[_Task, None] = {}
        self._closed = False
        self._workers = [threading.Thread(target=self._work, name=f"worker-{i}", daemon=True) for i in range(workers)]
        for worker in self._workers:
            worker.start()

    def spawn(self, coro: Coroutine[Any, Any, T]) -> JoinFuture[T]:
        return JoinFuture(self._start(coro))

    def block_on(self, coro: Coroutine[Any, Any, T]) -> T:
        task, caller = self._start(coro), _Caller()
        if not task.over_or_wakes(caller):
            caller.called.wait()
        if task.cancelled:
            raise Cancelled("the runtime was shut down")
        if task.panic is not None:
            raise task.panic
        value: T = task.value
        return value

    def shutdown(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for worker in self._workers:
            worker.join()
        for task in list(self._alive):  # from here on nobody polls any more
            task.drop()

    # ---- inside

    def _start(self, coro: Coroutine[Any, Any, Any]) -> _Task:
        task = _Task(self, coro)
        with self._changed:
            self._alive[task] = None
            self.stats.max_tasks_alive = max(self.stats.max_tasks_alive, len(self._alive))
        self._push(task)
        return task

    def _push(self, task: _Task) -> None:
        """A task is ready. One sleeper is notified, and not all of them: there is one task to take."""
        with self._changed:
            self._ready.append(task)
            self._changed.notify()

    def _forget(self, task: _Task) -> None:
        with self._changed:
            del self._alive[task]

    def _at(self, deadline: float, waker: Waker) -> None:
        with self._changed:
            heapq.heappush(self._timers, (deadline, next(self._numbers), waker))
            if self._timers[0][0] == deadline:
                self._changed.notify_all()  # they sleep too long

    def _work(self) -> None:
        """What each worker does all its life."""
        _here.runtime = self
        while True:
            task = None
            with self._changed:
                if self._closed:
                    return
                rung = self._take_due()
                if not rung:
                    task = self._take_or_sleep()
            for waker in rung:  # without the lock: a waker takes its task's lock, and then this one
                waker.wake()
            if task is not None:
                task.run()

    def _take_due(self) -> list[Waker]:
        """Under the lock: the wakers whose time has come."""
        rung = []
        if self._timers:
            now = self._clock.now()
            while self._timers and self._timers[0][0] <= now + DUE_S:
                rung.append(heapq.heappop(self._timers)[2])
        return rung

    def _take_or_sleep(self) -> _Task | None:
        """Under the lock: the next task. Without one: sleep, and give None to look again."""
        if self._ready:
            self.stats.polls += 1
            return self._ready.popleft()
        self.stats.parks += 1
        self._changed.wait(self._timers[0][0] - self._clock.now() if self._timers else None)
        return None


class _Sleep(Future[None]):
    """Done when its deadline has passed. The deadline counts from the first poll."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._deadline: float | None = None

    def poll(self, cx: Context) -> Any:
        runtime = getattr(_here, "runtime", None)
        if runtime is None:
            raise NoRuntime("sleep needs a runtime whose worker polls it")
        now = runtime._clock.now()
        if self._deadline is None:
            self._deadline = now + max(0.0, self._seconds)
        if self._deadline <= now + DUE_S:
            return Ready(None)
        runtime._at(self._deadline, cx.waker.clone())
        return PENDING


async def sleep(seconds: float) -> None:
    await _Sleep(seconds)


@dataclass
class Report:
    n: int
    threads: int
    elapsed: float
    total: int


def compare(n: int, seconds: float) -> tuple[Report, Report]:
    return _as_tasks(n, seconds), _as_threads(n, seconds)


def _as_tasks(n: int, seconds: float) -> Report:
    async def job(number: int) -> int:
        await sleep(seconds)
        return number

    async def all_jobs() -> int:
        handles = [runtime.spawn(job(number)) for number in range(n)]
        return sum([await handle for handle in handles])

    begin = time.monotonic()
    runtime = MultiRuntime(4)
    total = runtime.block_on(all_jobs())
    elapsed = time.monotonic() - begin
    runtime.shutdown()
    return Report(n, runtime.stats.threads, elapsed, total)


def _as_threads(n: int, seconds: float) -> Report:
    returned = [0] * n  # a place for each thread: no two write the same

    def job(number: int) -> None:
        time.sleep(seconds)
        returned[number] = number

    begin = time.monotonic()
    threads = [threading.Thread(target=job, args=(number,)) for number in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Report(n, len(threads), time.monotonic() - begin, sum(returned))
