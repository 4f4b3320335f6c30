"""ex04, another way: one bucket of tasks for each deadline, and a time-out that runs its generator as a child task.

The parent of the child waits for two things at once, the child's end and the deadline; whichever comes first takes the
other one away.
"""

import heapq
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from threadmarks.prelude import Clock, Deadlock, JoinError

T = TypeVar("T")
Wake = Callable[[], None]


@dataclass(eq=False)
class TaskHandle(Generic[T]):
    gen: Generator[Any, Any, T]
    done: bool = False
    cancelled: bool = False
    value: Any = None
    error: BaseException | None = None
    on_end: list[Wake] = field(default_factory=list)
    forget: list[Wake] = field(default_factory=list)  # what takes the things away that the task waits for

    def result(self) -> T:
        if not self.done:
            raise RuntimeError("too early")
        if self.error is not None:
            raise JoinError(self.error)
        return self.value


@dataclass(frozen=True)
class Until:
    """Put the task aside until the time that `deadline` names, given the time of the yield."""

    deadline: Callable[[float], float]


@dataclass(frozen=True)
class Race:
    """Run `gen` as a child, and put the task aside until it ends or `seconds` are over."""

    gen: Generator[Any, Any, Any]
    seconds: float


def sleep(seconds: float) -> Any:
    return Until(lambda now: now + max(seconds, 0.0))


def interval(period: float) -> Iterator[Any]:
    first: list[float] = []

    def begin(now: float) -> float:
        first.append(now)
        return now

    yield Until(begin)
    tick = 0
    while True:
        tick += 1
        yield Until(lambda now, tick=tick: first[0] + tick * period)


def timeout(seconds: float, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
    return (yield Race(gen, seconds))


class TimerScheduler:
    def __init__(self, clock: Clock) -> None:
        self.steps = 0
        self.current: TaskHandle[Any] | None = None
        self.clock = clock
        self.ready: deque[tuple[TaskHandle[Any], Callable[[], Any]]] = deque()
        self.alive = 0
        self.buckets: dict[float, list[Wake]] = {}
        self.deadlines: list[float] = []  # a heap; a deadline whose bucket is gone is skipped

    def spawn(self, gen: Generator[Any, Any, T], name: str | None = None) -> TaskHandle[T]:
        task = TaskHandle(gen)
        self.alive += 1
        self.ready.append((task, lambda: next(gen)))
        return task

    def run(self) -> None:
        while True:
            self.wake_due()
            for _ in range(len(self.ready)):
                task, resume = self.ready.popleft()
                if not task.cancelled:
                    self.turn(task, resume)
            if self.ready:
                continue
            deadline = self.next_deadline()
            if deadline is not None:
                self.clock.park(max(0.0, deadline - self.clock.now()))
            elif self.alive:
                raise Deadlock("nobody is ready, nobody sleeps")
            else:
                return

    def next_deadline(self) -> float | None:
        while self.deadlines and self.deadlines[0] not in self.buckets:
            heapq.heappop(self.deadlines)
        return self.deadlines[0] if self.deadlines else None

    def wake_due(self) -> None:
        while (deadline := self.next_deadline()) is not None and deadline <= self.clock.now():
            for wake in self.buckets.pop(deadline):
                wake()

    def at(self, deadline: float, wake: Wake) -> Wake:
        """Call `wake` at the deadline; returns what takes that back."""
        if deadline not in self.buckets:
            self.buckets[deadline] = []
            heapq.heappush(self.deadlines, deadline)
        self.buckets[deadline].append(wake)

        def forget() -> None:
            bucket = self.buckets.get(deadline, [])
            if wake in bucket:
                bucket.remove(wake)
                if not bucket:
                    del self.buckets[deadline]

        return forget

    def turn(self, task: TaskHandle[Any], resume: Callable[[], Any]) -> None:
        self.steps += 1
        self.current = task
        try:
            wish = resume()
        except StopIteration as stop:
            self.end(task, value=stop.value)
        except BaseException as error:
            self.end(task, error=error)
        else:
            self.grant(task, wish)
        self.current = None

    def grant(self, task: TaskHandle[Any], wish: Any) -> None:
        def go_on(resume: Callable[[], Any]) -> None:
            for forget in task.forget:
                forget()
            task.forget.clear()
            self.ready.append((task, resume))

        match wish:
            case Until():
                wake = self.at(wish.deadline(self.clock.now()), lambda: go_on(lambda: next(task.gen)))
                task.forget.append(wake)
            case Race():
                self.race(task, wish, go_on)
            case TaskHandle():
                self.when_ended(task, wish, lambda: go_on(lambda: outcome_into(task.gen, wish, JoinError)))
            case _:
                go_on(lambda: next(task.gen))

    def race(self, task: TaskHandle[Any], race: Race, go_on: Callable[[Callable[[], Any]], None]) -> None:
        child = self.spawn(race.gen)

        def lost() -> None:
            self.cancel(child)
            go_on(lambda: task.gen.throw(TimeoutError("the time is over")))

        def won() -> None:
            go_on(lambda: outcome_into(task.gen, child, lambda error: error))

        task.forget.append(self.at(self.clock.now() + max(race.seconds, 0.0), lost))
        self.when_ended(task, child, won)

    def when_ended(self, task: TaskHandle[Any], other: TaskHandle[Any], wake: Wake) -> None:
        if other.done:
            wake()
        else:
            other.on_end.append(wake)
            task.forget.append(lambda: other.on_end.remove(wake) if wake in other.on_end else None)

    def cancel(self, task: TaskHandle[Any]) -> None:
        task.cancelled = True
        self.alive -= 1
        for forget in task.forget:
            forget()
        task.gen.close()

    def end(self, task: TaskHandle[Any], value: Any = None, error: BaseException | None = None) -> None:
        task.done, task.value, task.error = True, value, error
        self.alive -= 1
        while task.on_end:
            task.on_end.pop(0)()


def outcome_into(gen: Generator[Any, Any, Any], source: TaskHandle[Any], wrap: Callable[..., BaseException]) -> Any:
    if source.error is not None:
        return gen.throw(wrap(source.error))
    return gen.send(source.value)
