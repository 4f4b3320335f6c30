# /// wrong
# misconception = "Whoever spawned the stolen tasks has woken somebody for them"
# must_fail = [{ check = "unpark", finding = "work-left-lying" }]
# ///

import heapq
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Generic, TypeVar

from threadmarks.prelude import (
    PENDING,
    Cancelled,
    Clock,
    Context,
    Future,
    JoinError,
    NoRuntime,
    PolledAfterReady,
    Ready,
    Waker,
)

T = TypeVar("T")
DUE_S = 1e-6  # a deadline this near is due: clocks are floating point
LOCAL_IN_A_ROW = 60  # polls of a worker's own tasks, after which the injector has its turn

IDLE, QUEUED, POLLED, POLLED_AND_WOKEN, OVER = range(5)

_here = threading.local()  # .worker: whose thread this is


def current_worker() -> int | None:
    worker = getattr(_here, "worker", None)
    return None if worker is None else worker.number


@dataclass
class WorkerStats:
    polls: int = 0
    local_pushes: int = 0
    steals: int = 0
    stolen_from: int = 0
    parks: int = 0


@dataclass
class Stats:
    threads: int
    max_tasks_alive: int = 0
    per_worker: list[WorkerStats] = field(default_factory=list)

    @property
    def polls(self) -> int:
        return sum(worker.polls for worker in self.per_worker)

    @property
    def parks(self) -> int:
        return sum(worker.parks for worker in self.per_worker)


class _Task:
    """A future that was handed to the runtime; also the waker and the context of its polls."""

    def __init__(self, runtime: "StealingRuntime", future: Any) -> None:
        self.runtime = runtime
        self.future = future
        self.lock = threading.Lock()  # guards all below
        self.state = QUEUED
        self.value: Any = None
        self.panic: BaseException | None = None
        self.cancelled = False
        self.joiner: Waker | None = None
        self.ended = threading.Event()

    @property
    def waker(self) -> Waker:
        return self

    def clone(self) -> Waker:
        return self

    def will_wake(self, other: Waker) -> bool:
        return other is self

    def wake(self) -> None:
        with self.lock:
            if self.state == POLLED:
                self.state = POLLED_AND_WOKEN  # whoever polls it puts it back
            if self.state != IDLE:
                return
            self.state = QUEUED
        self.runtime._push(self)

    def poll_once(self) -> None:
        with self.lock:
            self.state = POLLED
        try:
            outcome = self.future.poll(self)
        except BaseException as error:  # SystemExit, too, ends this task and no other
            self.finish(panic=error)
            return
        if outcome is not PENDING:
            self.finish(value=outcome.value)
            return
        with self.lock:
            again = self.state == POLLED_AND_WOKEN
            self.state = QUEUED if again else IDLE
        if again:
            self.runtime._push(self)

    def finish(self, value: Any = None, panic: BaseException | None = None, *, cancelled: bool = False) -> None:
        self.runtime._forget(self)
        with self.lock:
            self.value, self.panic, self.cancelled = value, panic, cancelled
            self.state = OVER
            joiner = self.joiner
        self.ended.set()
        if joiner is not None:
            joiner.wake()

    def result(self) -> Any:
        """Its value; raises the very exception that ended it. Only when it is over."""
        if self.cancelled:
            raise Cancelled("the runtime was shut down")
        if self.panic is not None:
            raise self.panic
        return self.value


class JoinFuture(Future[T], Generic[T]):
    """The end of a spawned task."""

    def __init__(self, task: _Task) -> None:
        self._task = task
        self._told = False

    def poll(self, cx: Context) -> Any:
        if self._told:
            raise PolledAfterReady("this task's end was told already")
        task = self._task
        with task.lock:  # looking and leaving the waker are one step
            if task.state != OVER:
                task.joiner = cx.waker.clone()
                return PENDING
        self._told = True
        if task.panic is not None:
            raise JoinError(task.panic)
        return Ready(task.result())


class _Worker:
    """A thread, its own queue, and what it did."""

    def __init__(self, runtime: "StealingRuntime", number: int, seed: int) -> None:
        self.runtime = runtime
        self.number = number
        self.stats = WorkerStats()
        self.lock = threading.Lock()
        self.queue: deque[_Task] = deque()  # the owner takes on the left, thieves on the right
        self.random = random.Random(seed * 1_000_003 + number)
        self.unparked = threading.Semaphore(0)
        self.in_a_row = 0
        self.thread = threading.Thread(target=self.run, name=f"worker-{number}", daemon=True)

    def run(self) -> None:
        _here.worker = self
        runtime = self.runtime
        while not runtime._closing:
            runtime._fire_timers()
            task = self.next_task()
            if task is None:
                self.park()
            else:
                self.stats.polls += 1
                task.poll_once()

    def next_task(self) -> _Task | None:
        if self.in_a_row >= LOCAL_IN_A_ROW:
            self.in_a_row = 0
            return self.runtime._take_injected() or self.take() or self.steal()
        return self.take() or self.runtime._take_injected() or self.steal()

    def push(self, task: _Task) -> None:
        with self.lock:
            self.queue.append(task)
            self.stats.local_pushes += 1

    def take(self) -> _Task | None:
        with self.lock:
            if not self.queue:
                self.in_a_row = 0
                return None
            self.in_a_row += 1
            return self.queue.popleft()

    def steal(self) -> _Task | None:
        """Half of somebody's queue, rounded up: one task to poll now, the others into the own queue."""
        workers = self.runtime._workers
        first = self.random.randrange(len(workers))
        for victim in workers[first:] + workers[:first]:
            if victim is self:
                continue
            loot = victim.give_half()
            if loot:
                with self.lock:  # the victim's lock is free again
                    self.stats.steals += len(loot)
                    self.queue.extend(loot[1:])
                return loot[0]
        return None

    def give_half(self) -> list[_Task]:
        with self.lock:
            loot = [self.queue.pop() for _ in range((len(self.queue) + 1) // 2)]
            self.stats.stolen_from += len(loot)
        loot.reverse()
        return loot

    def park(self) -> None:
        runtime = self.runtime
        with runtime._sleep_lock:
            if runtime._closing or runtime._work_is_there():
                return
            runtime._sleepers.append(self)
            timeout = None
            if runtime._keeper is None:  # one sleeper keeps the time for all
                timeout = runtime._until_next_timer()
                if timeout is not None:
                    runtime._keeper = self
            self.stats.parks += 1
        if not self.unparked.acquire(timeout=timeout):
            with runtime._sleep_lock:
                if self in runtime._sleepers:
                    runtime._sleepers.remove(self)
                else:
                    self.unparked.acquire()  # somebody took us off the list just now
        with runtime._sleep_lock:
            kept_time = runtime._keeper is self
            if kept_time:
                runtime._keeper = None
        if kept_time:
            runtime._fire_timers()
            if runtime._until_next_timer() is not None:
                runtime._unpark_one()  # we may be busy when the next one is due: let another sleeper keep the time


class StealingRuntime:
    """Runs tasks on a fixed number of threads, each with a queue of its own."""

    def __init__(self, workers: int = 4, clock: Clock | None = None, seed: int = 0) -> None:
        self._now: Callable[[], float] = time.monotonic if clock is None else clock.now
        self._injector: deque[_Task] = deque()
        self._injector_lock = threading.Lock()
        self._alive: dict[_Task, None] = {}
        self._alive_lock = threading.Lock()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._timer_numbers = count()  # breaks ties between equal deadlines
        self._timer_lock = threading.Lock()
        self._sleep_lock = threading.Lock()  # guards the next three; taken before a queue's lock, never after
        self._sleepers: list[_Worker] = []
        self._keeper: _Worker | None = None
        self._closing = False
        self._workers = [_Worker(self, number, seed) for number in range(workers)]
        self.stats = Stats(threads=workers, per_worker=[worker.stats for worker in self._workers])
        for worker in self._workers:  # only now: a thief must see all queues
            worker.thread.start()

    def spawn(self, fut: Future[T] | Coroutine[Any, Any, T]) -> JoinFuture[T]:
        return JoinFuture(self._start(fut))

    def block_on(self, fut: Future[T] | Coroutine[Any, Any, T]) -> T:
        task = self._start(fut)
        task.ended.wait()
        value: T = task.result()
        return value

    def shutdown(self) -> None:
        with self._sleep_lock:
            self._closing = True
            sleepers, self._sleepers = self._sleepers, []
        for worker in sleepers:
            worker.unparked.release()
        for worker in self._workers:
            worker.thread.join()
        with self._alive_lock:
            left = list(self._alive)
        for task in left:  # wherever they were: queued here or there, or waiting for a wake
            future = task.future
            task.finish(cancelled=True)
            future.close()

    # ---- inside

    def _start(self, fut: Any) -> _Task:
        task = _Task(self, fut if hasattr(fut, "poll") else _CoroutineFuture(fut))
        with self._alive_lock:
            self._alive[task] = None
            self.stats.max_tasks_alive = max(self.stats.max_tasks_alive, len(self._alive))
        self._push(task)
        return task

    def _forget(self, task: _Task) -> None:
        with self._alive_lock:
            self._alive.pop(task, None)

    def _push(self, task: _Task) -> None:
        """Into the queue of the worker whose thread this is, else into the injector."""
        worker = getattr(_here, "worker", None)
        if worker is not None and worker.runtime is self:
            worker.push(task)
        else:
            with self._injector_lock:
                self._injector.append(task)
        self._unpark_one()

    def _take_injected(self) -> _Task | None:
        with self._injector_lock:
            return self._injector.popleft() if self._injector else None

    def _work_is_there(self) -> bool:
        with self._injector_lock:
            if self._injector:
                return True
        for worker in self._workers:
            with worker.lock:
                if worker.queue:
                    return True
        return False

    def _unpark_one(self) -> None:
        with self._sleep_lock:
            worker = self._sleepers.pop() if self._sleepers else None
        if worker is not None:
            worker.unparked.release()

    # ---- timers

    def _at(self, deadline: float, ring: Callable[[], None]) -> None:
        with self._timer_lock:
            heapq.heappush(self._timers, (deadline, next(self._timer_numbers), ring))
            earliest = self._timers[0][2] is ring
        if earliest:
            with self._sleep_lock:
                keeper = self._keeper
                if keeper in self._sleepers:
                    self._sleepers.remove(keeper)
                elif self._sleepers:
                    keeper = self._sleepers.pop()
                else:
                    keeper = None  # nobody sleeps: all look at the timers before they do
            if keeper is not None:
                keeper.unparked.release()  # it sleeps too long

    def _until_next_timer(self) -> float | None:
        with self._timer_lock:
            return max(0.0, self._timers[0][0] - self._now()) if self._timers else None

    def _fire_timers(self) -> None:
        while True:
            with self._timer_lock:
                if not self._timers or self._timers[0][0] > self._now() + DUE_S:
                    return
                ring = heapq.heappop(self._timers)[2]
            ring()


class _Sleep(Future[None]):
    """Done when its deadline has passed. The deadline counts from the first poll."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._set = False
        self._rung = False
        self._waker: Waker | None = None

    def poll(self, cx: Context) -> Any:
        worker = getattr(_here, "worker", None)
        if worker is None:
            raise NoRuntime("sleep needs a runtime that polls it")
        with self._lock:
            if self._rung:
                return Ready(None)
            self._waker = cx.waker.clone()
        if not self._set:
            self._set = True
            runtime = worker.runtime
            runtime._at(runtime._now() + max(0.0, self._seconds), self._ring)
        return PENDING

    def _ring(self) -> None:
        with self._lock:
            self._rung = True
            waker = self._waker
        if waker is not None:
            waker.wake()

    def close(self) -> None:
        with self._lock:
            self._waker = None


async def sleep(seconds: float) -> None:
    await _Sleep(seconds)


class _CoroutineFuture(Future[T], Generic[T]):
    """A coroutine is a future that polls what it awaits."""

    def __init__(self, coro: Coroutine[Any, Any, T]) -> None:
        self._coro = coro
        self._awaited: Any = None  # what the coroutine waits for; None before its first step

    def poll(self, cx: Context) -> Any:
        outcome: Any = None
        while True:
            error: BaseException | None = None
            if self._awaited is not None:
                try:
                    outcome = self._awaited.poll(cx)
                except BaseException as raised:  # it belongs to the coroutine, which may catch it
                    error = raised
                else:
                    if outcome is PENDING:
                        return PENDING
            try:
                self._awaited = self._coro.send(outcome) if error is None else self._coro.throw(error)
            except StopIteration as stop:
                return Ready(stop.value)

    def close(self) -> None:
        self._coro.close()  # its `finally` blocks run
