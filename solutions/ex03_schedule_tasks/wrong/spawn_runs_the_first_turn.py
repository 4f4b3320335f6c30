# /// wrong
# misconception = "spawn starts the task, as thread::spawn does"
# must_fail = [{ check = "lazy_spawn", finding = "eager-spawn" }]
# may_fail = ["results", "fairness", "scale", "deadlock"]
# ///

from collections import deque
from collections.abc import Generator
from typing import Any, Generic, TypeVar

from threadmarks.prelude import Deadlock, JoinError

T = TypeVar("T")


class TaskHandle(Generic[T]):
    def __init__(self, gen: Generator[Any, Any, T]) -> None:
        self.gen = gen
        self.done = False
        self.value: Any = None
        self.error: BaseException | None = None
        self.waiters: list[TaskHandle[Any]] = []
        self.awaited: TaskHandle[Any] | None = None

    def result(self) -> T:
        if not self.done:
            raise RuntimeError("not done")
        if self.error is not None:
            raise JoinError(self.error)
        return self.value

    def resume(self) -> Any:
        awaited, self.awaited = self.awaited, None
        if awaited is None:
            return self.gen.send(None)
        if awaited.error is not None:
            return self.gen.throw(JoinError(awaited.error))
        return self.gen.send(awaited.value)


class Scheduler:
    def __init__(self) -> None:
        self.steps = 0
        self.current: TaskHandle[Any] | None = None
        self.ready: deque[TaskHandle[Any]] = deque()
        self.left = 0

    def spawn(self, gen: Generator[Any, Any, T], name: str | None = None) -> TaskHandle[T]:
        task = TaskHandle(gen)
        self.left += 1
        self.turn(task)
        return task

    def run(self) -> None:
        while self.ready:
            self.turn(self.ready.popleft())
        if self.left:
            raise Deadlock("only waiting tasks are left")

    def turn(self, task: TaskHandle[Any]) -> None:
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
            if not isinstance(wish, TaskHandle):
                self.ready.append(task)
            else:
                task.awaited = wish
                if wish.done:
                    self.ready.append(task)
                else:
                    wish.waiters.append(task)
        self.current = None

    def end(self, task: TaskHandle[Any]) -> None:
        task.done = True
        self.left -= 1
        self.ready.extend(task.waiters)
