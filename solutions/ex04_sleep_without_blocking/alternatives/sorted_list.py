"""ex04, another way: timers in a sorted list, and a time-out that drives its generator by hand.

Each command of the inner generator is wrapped: "do this, but no longer than until then". The loop knows only such
commands; a task that is resumed loses every timer that it still had.
"""

from bisect import insort
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

from threadmarks.prelude import Clock, Deadlock, JoinError

T = TypeVar("T")


class TaskHandle(Generic[T]):
    def __init__(self, gen: Generator[Any, Any, T]) -> None:
        self._gen = gen
        self._next = partial(gen.send, None)
        self._outcome: tuple[str, Any] | None = None
        self._waiting_for: TaskHandle[Any] | None = None
        self._waiters: list[TaskHandle[Any]] = []
        self._timers: list[Timer] = []

    @property
    def done(self) -> bool:
        return self._outcome is not None

    def result(self) -> T:
        match self._outcome:
            case None:
                raise RuntimeError("no result yet")
            case ("returned", value):
                return value
            case (_, error):
                raise JoinError(error)


@dataclass(order=True)
class Timer:
    """Ordered so that the timer that is due first, and among equals the oldest, is the last of a sorted list."""

    key: tuple[float, int]  # deadline and number, both negative
    task: TaskHandle[Any] = field(compare=False)
    limit: "Limit | None" = field(compare=False)  # None: the end of a sleep

    @property
    def deadline(self) -> float:
        return -self.key[0]


@dataclass
class Sleep:
    seconds: float

    def deadline(self, now: float) -> float:
        return now + self.seconds


@dataclass
class Tick:
    period: float
    first: float = 0.0
    count: int = 0

    def deadline(self, now: float) -> float:
        if self.count == 0:
            self.first = now
        self.count += 1
        return self.first + (self.count - 1) * self.period


@dataclass(eq=False)
class Limit:
    """The end of a time-out; its deadline is set when the loop first hears of it."""

    seconds: float
    deadline: float | None = None


@dataclass
class Within:
    limit: Limit
    command: Any


class TimeIsUp(Exception):
    def __init__(self, limit: Limit) -> None:
        super().__init__("time is up")
        self.limit = limit


def sleep(seconds: float) -> Any:
    return Sleep(max(0.0, seconds))


def interval(period: float) -> Iterator[Any]:
    tick = Tick(period)
    return iter(lambda: tick, None)


def timeout(seconds: float, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
    limit = Limit(max(0.0, seconds))
    advance = partial(gen.send, None)
    try:
        while True:
            try:
                command = advance()
            except StopIteration as stop:
                return stop.value
            try:
                advance = partial(gen.send, (yield Within(limit, command)))
            except TimeIsUp as up:
                if up.limit is limit:
                    raise TimeoutError(f"took longer than {seconds} s") from None
                advance = partial(gen.throw, up)
            except Exception as error:
                advance = partial(gen.throw, error)
    finally:
        gen.close()


class TimerScheduler:
    def __init__(self, clock: Clock) -> None:
        self.steps = 0
        self.current: TaskHandle[Any] | None = None
        self._clock = clock
        self._ready: deque[TaskHandle[Any]] = deque()
        self._timers: list[Timer] = []
        self._timers_made = 0
        self._tasks_left = 0

    def spawn(self, gen: Generator[Any, Any, T], name: str | None = None) -> TaskHandle[T]:
        handle = TaskHandle(gen)
        self._tasks_left += 1
        self._ready.append(handle)
        return handle

    def run(self) -> None:
        while self._tasks_left:
            now = self._clock.now()
            while self._timers and self._timers[-1].deadline - now < 1e-6:
                self._ring(self._timers[-1])
            if not self._ready:
                if not self._timers:
                    raise Deadlock("all tasks wait for tasks")
                self._clock.park(self._timers[-1].deadline - now)
            round_, self._ready = self._ready, deque()
            for task in round_:
                self._step(task)

    def _ring(self, timer: Timer) -> None:
        task = timer.task
        if timer.limit is None:
            self._wake(task, partial(task._gen.send, None))
        else:
            self._wake(task, partial(task._gen.throw, TimeIsUp(timer.limit)))

    def _wake(self, task: TaskHandle[Any], action: Any) -> None:
        """Make a task ready that was put aside, and forget whatever else it was waiting for."""
        for timer in task._timers:
            self._timers.remove(timer)
        task._timers.clear()
        if task._waiting_for is not None:
            task._waiting_for._waiters.remove(task)
            task._waiting_for = None
        task._next = action
        self._ready.append(task)

    def _step(self, task: TaskHandle[Any]) -> None:
        self.steps += 1
        self.current = task
        try:
            command = task._next()
        except StopIteration as stop:
            self._end(task, ("returned", stop.value))
        except BaseException as error:
            self._end(task, ("raised", error))
        else:
            self._put_aside(task, command)
        self.current = None

    def _put_aside(self, task: TaskHandle[Any], command: Any) -> None:
        now = self._clock.now()
        while isinstance(command, Within):
            limit, command = command.limit, command.command
            if limit.deadline is None:
                limit.deadline = now + limit.seconds
            if limit.deadline <= now:
                self._wake(task, partial(task._gen.throw, TimeIsUp(limit)))
                return
            self._set_timer(task, limit.deadline, limit)
        match command:
            case Sleep() | Tick():
                self._set_timer(task, command.deadline(now), None)
            case TaskHandle(done=False):
                task._waiting_for = command
                command._waiters.append(task)
            case TaskHandle():
                self._wake(task, _delivery(task, command))
            case _:
                self._wake(task, partial(task._gen.send, None))

    def _set_timer(self, task: TaskHandle[Any], deadline: float, limit: Limit | None) -> None:
        self._timers_made += 1
        timer = Timer((-deadline, -self._timers_made), task, limit)
        task._timers.append(timer)
        insort(self._timers, timer)

    def _end(self, task: TaskHandle[Any], outcome: tuple[str, Any]) -> None:
        task._outcome = outcome
        self._tasks_left -= 1
        for waiter in tuple(task._waiters):
            self._wake(waiter, _delivery(waiter, task))


def _delivery(task: TaskHandle[Any], source: TaskHandle[Any]) -> Any:
    how, what = source._outcome or ("returned", None)
    if how == "returned":
        return partial(task._gen.send, what)
    return partial(task._gen.throw, JoinError(what))
