# /// wrong
# misconception = "A task is a thread that waits for its turn"
# must_fail = [{ check = "zero_threads", finding = "threads-started" }]
# may_fail = ["scale"]
# ///

import threading
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
        self.my_turn = threading.Semaphore(0)
        self.over = threading.Semaphore(0)
        self.thread: threading.Thread | None = None
        self.wish: Any = None

    def result(self) -> T:
        if not self.done:
            raise RuntimeError("not done")
        if self.error is not None:
            raise JoinError(self.error)
        return self.value

    def take_turn(self) -> None:
        """Let the task's thread run to its next yield."""
        if self.thread is None:
            self.thread = threading.Thread(target=self.live)
            self.thread.start()
        self.my_turn.release()
        self.over.acquire()

    def live(self) -> None:
        while not self.done:
            self.my_turn.acquire()
            try:
                self.wish = self.resume()
            except StopIteration as stop:
                self.done, self.value = True, stop.value
            except BaseException as error:
                self.done, self.error = True, error
            self.over.release()

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
        self.ready.append(task)
        self.left += 1
        return task

    def run(self) -> None:
        while self.ready:
            self.turn(self.ready.popleft())
        if self.left:
            raise Deadlock("only waiting tasks are left")

    def turn(self, task: TaskHandle[Any]) -> None:
        self.steps += 1
        self.current = task
        task.take_turn()
        self.current = None
        wish = task.wish
        if task.done:
            self.end(task)
        elif not isinstance(wish, TaskHandle):
            self.ready.append(task)
        else:
            task.awaited = wish
            if wish.done:
                self.ready.append(task)
            else:
                wish.waiters.append(task)

    def end(self, task: TaskHandle[Any]) -> None:
        self.left -= 1
        self.ready.extend(task.waiters)
