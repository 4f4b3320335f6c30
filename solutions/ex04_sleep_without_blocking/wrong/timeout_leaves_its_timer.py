# /// wrong
# misconception = "After the time-out has been beaten, its timer does no harm"
# must_fail = [{ check = "timeout", finding = "timer-left-behind" }]
# may_fail = []
# ///

import heapq
from collections import deque
from collections.abc import Generator, Iterator
from typing import Any, Generic, TypeVar

from threadmarks.prelude import Clock, Deadlock, JoinError

T = TypeVar("T")


class TaskHandle(Generic[T]):
    def __init__(self, gen: Generator[Any, Any, T]) -> None:
        self.gen = gen
        self.done = False
        self.value: Any = None
        self.error: BaseException | None = None
        self.waiters: list[tuple[TaskHandle[Any], int]] = []
        self.throw: BaseException | None = None
        self.send: Any = None
        self.turn = 0  # a timer or a wait of an earlier turn is out of date

    def result(self) -> T:
        if not self.done:
            raise RuntimeError("not done")
        if self.error is not None:
            raise JoinError(self.error)
        return self.value

    def resume(self) -> Any:
        throw, self.throw = self.throw, None
        send, self.send = self.send, None
        if throw is not None:
            return self.gen.throw(throw)
        return self.gen.send(send)


class Sleep:
    def __init__(self, seconds: float) -> None:
        self.seconds = max(0.0, seconds)

    def deadline(self, now: float) -> float:
        return now + self.seconds


class Tick:
    def __init__(self, period: float) -> None:
        self.period = period
        self.next: float | None = None

    def deadline(self, now: float) -> float:
        due = now if self.next is None else self.next
        self.next = due + self.period
        return due


class Alarm:
    def __init__(self, seconds: float) -> None:
        self.seconds = max(0.0, seconds)


class TimeIsUp(BaseException):
    pass


def sleep(seconds: float) -> Any:
    return Sleep(seconds)


def interval(period: float) -> Iterator[Any]:
    tick = Tick(period)
    while True:
        yield tick


def timeout(seconds: float, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
    alarm = Alarm(seconds)
    yield alarm
    try:
        return (yield from gen)
    except TimeIsUp as up:
        if up.args[0] is not alarm:
            raise
        raise TimeoutError from None


class TimerScheduler:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.steps = 0
        self.current: TaskHandle[Any] | None = None
        self.ready: deque[TaskHandle[Any]] = deque()
        self.left = 0
        self.numbers = 0
        self.timers: list[Any] = []

    def spawn(self, gen: Generator[Any, Any, T], name: str | None = None) -> TaskHandle[T]:
        task = TaskHandle(gen)
        self.ready.append(task)
        self.left += 1
        return task

    def run(self) -> None:
        while self.left:
            self.fire_timers()
            if self.ready:
                for _ in range(len(self.ready)):
                    self.resume(self.ready.popleft())
            elif self.timers:
                self.clock.park(max(0.0, self.timers[0][0] - self.clock.now()))
            else:
                raise Deadlock("only waiting tasks are left")

    def set_timer(self, deadline: float, task: TaskHandle[Any], alarm: Alarm | None = None) -> None:
        self.numbers += 1
        heapq.heappush(self.timers, (deadline, self.numbers, task, task.turn, alarm))

    def out_of_date(self, timer: Any) -> bool:
        _, _, task, turn, alarm = timer
        return task.done if alarm is not None else turn != task.turn

    def fire_timers(self) -> None:
        while self.timers and (self.out_of_date(self.timers[0]) or self.timers[0][0] <= self.clock.now()):
            timer = heapq.heappop(self.timers)
            if not self.out_of_date(timer):
                self.fire(timer)

    def fire(self, timer: Any) -> None:
        _, _, task, _, alarm = timer
        if alarm is not None:
            task.throw = TimeIsUp(alarm)
            if task in self.ready:
                return
        self.wake(task)

    def wake(self, task: TaskHandle[Any]) -> None:
        task.turn += 1
        self.ready.append(task)

    def resume(self, task: TaskHandle[Any]) -> None:
        self.steps += 1
        self.current = task
        try:
            wish = task.resume()
        except StopIteration as stop:
            task.value = stop.value
            self.end(task)
        except BaseException as error:
            task.error = error
            self.end(task)
        else:
            self.put_aside(task, wish)
        self.current = None

    def put_aside(self, task: TaskHandle[Any], wish: Any) -> None:
        if isinstance(wish, Sleep | Tick):
            self.set_timer(wish.deadline(self.clock.now()), task)
        elif isinstance(wish, Alarm):
            self.set_timer(self.clock.now() + wish.seconds, task, wish)
            self.ready.append(task)
        elif isinstance(wish, TaskHandle) and not wish.done:
            wish.waiters.append((task, task.turn))
        else:
            if isinstance(wish, TaskHandle):
                self.deliver(wish, task)
            self.ready.append(task)

    def deliver(self, ended: TaskHandle[Any], task: TaskHandle[Any]) -> None:
        if ended.error is not None:
            task.throw = JoinError(ended.error)
        else:
            task.send = ended.value

    def end(self, task: TaskHandle[Any]) -> None:
        task.done = True
        self.left -= 1
        for waiter, turn in task.waiters:
            if turn == waiter.turn:
                self.deliver(task, waiter)
                self.wake(waiter)
