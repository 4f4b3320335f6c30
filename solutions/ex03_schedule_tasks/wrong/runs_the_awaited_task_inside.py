# /// wrong
# misconception = "Waiting for a task means running it to its end, here and now"
# must_fail = [{ check = "scale", finding = "recursion" }]
# may_fail = ["deadlock"]
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
        self.awaited: TaskHandle[Any] | None = None
        self.waiting = False

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

    def spawn(self, gen: Generator[Any, Any, T], name: str | None = None) -> TaskHandle[T]:
        task = TaskHandle(gen)
        self.ready.append(task)
        return task

    def run(self) -> None:
        while self.ready:
            task = self.ready.popleft()
            if not task.done and not self.turn(task):
                self.ready.append(task)

    def turn(self, task: TaskHandle[Any]) -> bool:
        """Resume the task once; True when that ended it."""
        if task.waiting:
            raise Deadlock("a task waits for itself, through others")
        self.steps += 1
        self.current = task
        try:
            wish = task.resume()
        except StopIteration as stop:
            task.done, task.value = True, stop.value
        except BaseException as error:
            task.done, task.error = True, error
        else:
            if isinstance(wish, TaskHandle):
                task.awaited = wish
                task.waiting = True
                while not wish.done:
                    self.turn(wish)
                task.waiting = False
        finally:
            self.current = None
        return task.done
