"""ex04, reference: a queue of ready tasks, and a heap of timers.

Whatever a task waits for (a time, or the end of another task) is a `_Wait`. The first event that wakes it wins; later
ones find the wait over and do nothing. So a time-out needs no search through queues: it ends the task's wait.
"""

import heapq
from collections import deque
from collections.abc import Callable, Generator, Iterator
from itertools import count
from typing import Any, Generic, TypeVar

from threadmarks.prelude import Clock, Deadlock, JoinError

T = TypeVar("T")

ROUNDING_S = 1e-6
"""A deadline this near counts as due: `now + (deadline - now)` can miss `deadline` by a rounding error."""


class TaskHandle(Generic[T]):
    """A task together with what became of it."""

    def __init__(self, gen: Generator[Any, Any, T]) -> None:
        self.done = False
        self._gen = gen
        self._value: Any = None
        self._error: BaseException | None = None
        self._waiters: list[_Wait] = []
        self._resume: Callable[[], Any] = lambda: gen.send(None)
        self._wait: _Wait | None = None  # what the task waits for now; None while it is ready or running

    def result(self) -> T:
        if not self.done:
            raise RuntimeError("the task is not done")
        if self._error is not None:
            raise JoinError(self._error)
        return self._value

    def _deliver_outcome_of(self, other: "TaskHandle[Any]") -> None:
        """Make the next resume give what became of `other`, which is done."""
        if other._error is not None:
            error = JoinError(other._error)
            self._resume = lambda: self._gen.throw(error)
        else:
            self._resume = lambda: self._gen.send(other._value)


class _Wait:
    """One task waiting once."""

    def __init__(self, task: TaskHandle[Any]) -> None:
        self.task = task

    @property
    def live(self) -> bool:
        return self.task._wait is self

    def __call__(self, ready: deque[TaskHandle[Any]]) -> None:
        """A timer's action: the sleep is over."""
        self.task._wait = None
        ready.append(self.task)


class _Sleep:
    """The command of `sleep`: it knows a duration, and no deadline until it is yielded."""

    def __init__(self, seconds: float) -> None:
        self._seconds = max(0.0, seconds)

    def deadline(self, now: float) -> float:
        return now + self._seconds


class _Ticker:
    """The command of `interval`, the same object for each tick: it counts them from the first."""

    def __init__(self, period: float) -> None:
        self._period = period
        self._first: float | None = None
        self._ticks = 0

    def deadline(self, now: float) -> float:
        if self._first is None:
            self._first = now
        self._ticks += 1
        return self._first + (self._ticks - 1) * self._period


class _Alarm:
    """The command of `timeout`: does not suspend the task, but throws `_AlarmRang` into it when the time is over."""

    def __init__(self, seconds: float) -> None:
        self.seconds = max(0.0, seconds)
        self.live = True
        self.task: TaskHandle[Any] | None = None

    def __call__(self, ready: deque[TaskHandle[Any]]) -> None:
        task = self.task
        assert task is not None  # the timer was set when the task yielded the alarm
        self.live = False
        task._resume = lambda: task._gen.throw(_AlarmRang(self))
        if task._wait is not None:  # otherwise it stands in the queue already
            task._wait = None
            ready.append(task)


class _AlarmRang(BaseException):
    """Travels through the generator under a `timeout`, so that its finally blocks run; not for `except Exception`."""

    def __init__(self, alarm: _Alarm) -> None:
        super().__init__("the time is over")
        self.alarm = alarm


def sleep(seconds: float) -> Any:
    return _Sleep(seconds)


def interval(period: float) -> Iterator[Any]:
    ticker = _Ticker(period)
    while True:
        yield ticker


def timeout(seconds: float, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
    alarm = _Alarm(seconds)
    yield alarm
    try:
        return (yield from gen)
    except _AlarmRang as rang:
        if rang.alarm is not alarm:  # a timeout around this one
            raise
        raise TimeoutError(f"not done after {seconds} s") from None
    finally:
        alarm.live = False


class TimerScheduler:
    """Turn after turn: move due timers to the queue, then run one round of it, or park until the next deadline."""

    def __init__(self, clock: Clock) -> None:
        self.steps = 0
        self.current: TaskHandle[Any] | None = None
        self._clock = clock
        self._ready: deque[TaskHandle[Any]] = deque()
        self._unfinished = 0
        # The number between deadline and action breaks ties: in order of request, and no action is ever compared.
        self._timers: list[tuple[float, int, _Wait | _Alarm]] = []
        self._numbers = count()

    def spawn(self, gen: Generator[Any, Any, T], name: str | None = None) -> TaskHandle[T]:
        task = TaskHandle(gen)
        self._unfinished += 1
        self._ready.append(task)
        return task

    def run(self) -> None:
        while True:
            self._drop_dead_timers()
            if self._timers:
                self._fire_due_timers(self._clock.now())
            if self._ready:
                for _ in range(len(self._ready)):  # one round, then the timers again
                    self._turn(self._ready.popleft())
            elif self._timers:
                self._clock.park(max(0.0, self._timers[0][0] - self._clock.now()))
            elif self._unfinished:
                raise Deadlock(f"{self._unfinished} task(s) wait for each other")
            else:
                return

    def _drop_dead_timers(self) -> None:
        """Take timers that nobody needs any more from the front, so that nobody parks for them."""
        while self._timers and not self._timers[0][2].live:
            heapq.heappop(self._timers)

    def _fire_due_timers(self, now: float) -> None:
        while self._timers and self._timers[0][0] <= now + ROUNDING_S:
            _, _, action = heapq.heappop(self._timers)
            if action.live:
                action(self._ready)
        self._drop_dead_timers()

    def _set_timer(self, deadline: float, action: "_Wait | _Alarm") -> None:
        heapq.heappush(self._timers, (deadline, next(self._numbers), action))

    def _turn(self, task: TaskHandle[Any]) -> None:
        self.steps += 1
        self.current = task
        try:
            request = task._resume()
        except StopIteration as end:
            task._value = end.value
            self._finish(task)
        except BaseException as error:
            task._error = error
            self._finish(task)
        else:
            task._resume = lambda: task._gen.send(None)
            self._obey(task, request)
        finally:
            self.current = None

    def _obey(self, task: TaskHandle[Any], request: object) -> None:
        """Decide when the task, which has just yielded `request`, runs again."""
        match request:
            case _Sleep() | _Ticker():
                task._wait = _Wait(task)
                self._set_timer(request.deadline(self._clock.now()), task._wait)
            case TaskHandle(done=False):
                task._wait = _Wait(task)
                request._waiters.append(task._wait)
            case TaskHandle():
                task._deliver_outcome_of(request)
                self._ready.append(task)
            case _Alarm():
                request.task = task
                self._set_timer(self._clock.now() + request.seconds, request)
                self._ready.append(task)
            case _:
                self._ready.append(task)

    def _finish(self, task: TaskHandle[Any]) -> None:
        task.done = True
        self._unfinished -= 1
        for wait in task._waiters:
            if wait.live:
                wait.task._deliver_outcome_of(task)
                wait(self._ready)
        task._waiters.clear()
