"""ex03, another way: plain lists, one round at a time, and the waiters in a dict.

A round resumes each task of the current list once. Tasks that give way, tasks that are woken and tasks that are spawned
go into the list of the next round; nothing is ever taken out of the middle of a list.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from threadmarks.prelude import Deadlock, JoinError

T = TypeVar("T")


@dataclass(eq=False)
class TaskHandle(Generic[T]):
    """The outcome of a task: a value or an error, once `done`."""

    done: bool = False
    value: Any = None
    error: BaseException | None = None

    def result(self) -> T:
        if not self.done:
            raise RuntimeError("the task is not done")
        if self.error is not None:
            raise JoinError(self.error)
        return self.value


@dataclass(eq=False)
class Task:
    """A generator, its handle, and the handle it wants to hear of before it goes on."""

    gen: Generator[Any, Any, Any]
    handle: TaskHandle[Any] = field(default_factory=TaskHandle)
    awaited: TaskHandle[Any] | None = None

    def advance(self) -> Any:
        """Run to the next yield, and return what was yielded."""
        awaited, self.awaited = self.awaited, None
        if awaited is None:
            return next(self.gen)
        if awaited.error is not None:
            return self.gen.throw(JoinError(awaited.error))
        return self.gen.send(awaited.value)


class Scheduler:
    """Round after round, until a round would be empty."""

    def __init__(self) -> None:
        self.steps = 0
        self.current: TaskHandle[Any] | None = None
        self._next_round: list[Task] = []
        self._waiting: dict[TaskHandle[Any], list[Task]] = {}

    def spawn(self, gen: Generator[Any, Any, T], name: str | None = None) -> TaskHandle[T]:
        task = Task(gen)
        self._next_round.append(task)
        return task.handle

    def run(self) -> None:
        while self._next_round:
            this_round, self._next_round = self._next_round, []
            for task in this_round:
                self._resume(task)
        if self._waiting:
            raise Deadlock(f"{sum(map(len, self._waiting.values()))} tasks wait for each other")

    def _resume(self, task: Task) -> None:
        self.steps += 1
        self.current = handle = task.handle
        try:
            wish = task.advance()
        except StopIteration as stop:
            handle.value = stop.value
            self._end(handle)
        except BaseException as error:
            handle.error = error
            self._end(handle)
        else:
            if isinstance(wish, TaskHandle):
                task.awaited = wish
            if isinstance(wish, TaskHandle) and not wish.done:
                self._waiting.setdefault(wish, []).append(task)
            else:
                self._next_round.append(task)
        self.current = None

    def _end(self, handle: TaskHandle[Any]) -> None:
        handle.done = True
        self._next_round.extend(self._waiting.pop(handle, ()))
