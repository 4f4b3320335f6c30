"""ex03, reference: one queue of ready tasks, and a list of waiters in each handle."""

from collections import deque
from collections.abc import Callable, Generator
from typing import Any, Generic, TypeVar

from threadmarks.prelude import Deadlock, JoinError

T = TypeVar("T")


class TaskHandle(Generic[T]):
    """A task together with what became of it."""

    def __init__(self, gen: Generator[Any, Any, T], name: str) -> None:
        self.name = name
        self.done = False
        self._gen = gen
        self._value: Any = None
        self._panic: JoinError | None = None
        # How to resume the task next time. Waiting for another task changes this, and nothing else.
        self._resume: Callable[[], Any] = lambda: gen.send(None)
        # The tasks that have yielded this handle. They are in no queue: only our end can put them back into one.
        self._waiters: list[TaskHandle[Any]] = []

    def result(self) -> T:
        if not self.done:
            raise RuntimeError(f"{self.name} is not done")
        if self._panic is not None:
            raise self._panic
        return self._value

    def _resume_with_outcome_of(self, other: "TaskHandle[Any]") -> None:
        """Arrange that the next resume delivers what became of `other`, which is done."""
        if other._panic is not None:
            # A new JoinError for every waiter: one exception object raised in two tasks would mix their tracebacks.
            error = JoinError(other._panic.payload)
            self._resume = lambda: self._gen.throw(error)
        else:
            self._resume = lambda: self._gen.send(other._value)


class Scheduler:
    """Takes the first ready task, resumes it to its next `yield`, and puts it at the back."""

    def __init__(self) -> None:
        self.steps = 0
        self.current: TaskHandle[Any] | None = None
        self._ready: deque[TaskHandle[Any]] = deque()
        self._unfinished = 0  # ready or waiting; when nothing is ready, this many wait

    def spawn(self, gen: Generator[Any, Any, T], name: str | None = None) -> TaskHandle[T]:
        task = TaskHandle(gen, name or "task")
        self._unfinished += 1
        self._ready.append(task)
        return task

    def run(self) -> None:
        while self._ready:
            self._turn(self._ready.popleft())
        if self._unfinished:
            raise Deadlock(f"{self._unfinished} task(s) wait for each other")

    def _turn(self, task: TaskHandle[Any]) -> None:
        self.steps += 1
        self.current = task
        try:
            request = task._resume()
        except StopIteration as end:  # the generator returned; its value travels in the exception
            self._finish(task, value=end.value)
        except BaseException as error:  # the task panicked; that is its handle's business, not the loop's
            self._finish(task, panic=JoinError(error))
        else:
            self._put_aside(task, request)
        finally:
            self.current = None

    def _put_aside(self, task: TaskHandle[Any], request: object) -> None:
        """Decide when the task, which has just yielded `request`, runs again."""
        if not isinstance(request, TaskHandle):
            task._resume = lambda: task._gen.send(None)
            self._ready.append(task)
        elif request.done:
            task._resume_with_outcome_of(request)
            self._ready.append(task)
        else:
            request._waiters.append(task)

    def _finish(self, task: TaskHandle[Any], value: Any = None, panic: JoinError | None = None) -> None:
        task.done, task._value, task._panic = True, value, panic
        self._unfinished -= 1
        for waiter in task._waiters:
            waiter._resume_with_outcome_of(task)
            self._ready.append(waiter)
        task._waiters.clear()
