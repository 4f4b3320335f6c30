"""ex03, another way: the queue holds functions, not tasks.

Whoever is ready has put a function of no arguments into the queue that resumes it. A handle keeps a list of functions
to call when it is done: they only fill the queue, so no wake-up ever runs inside another task's turn.
"""

from collections import deque
from collections.abc import Callable, Generator
from functools import partial
from typing import Any, Generic, TypeVar

from threadmarks.prelude import Deadlock, JoinError

T = TypeVar("T")
Action = Callable[[], object]


class TaskHandle(Generic[T]):
    def __init__(self) -> None:
        self.done = False
        self._get: Callable[[], Any] = self._too_early
        self._on_done: list[Action] = []

    def result(self) -> T:
        return self._get()

    def _too_early(self) -> Any:
        raise RuntimeError("this task has not finished")

    def _settle(self, get: Callable[[], Any]) -> None:
        self._get, self.done = get, True
        callbacks, self._on_done = self._on_done, []
        for callback in callbacks:
            callback()

    def _when_done(self, callback: Action) -> None:
        if self.done:
            callback()
        else:
            self._on_done.append(callback)


class Scheduler:
    def __init__(self) -> None:
        self.steps = 0
        self.current: TaskHandle[Any] | None = None
        self._queue: deque[Action] = deque()
        self._alive = 0

    def run(self) -> None:
        while self._queue:
            self._queue.popleft()()
        if self._alive:
            raise Deadlock("every task that is left waits for another")

    def spawn(self, gen: Generator[Any, Any, T], name: str | None = None) -> TaskHandle[T]:
        handle: TaskHandle[T] = TaskHandle()

        def turn(enter: Callable[[], Any]) -> None:
            """One turn: `enter` resumes the generator with a value or an exception."""
            self.steps += 1
            self.current = handle
            try:
                wish = enter()
            except StopIteration as stop:
                finish(partial(_give, stop.value))
            except BaseException as panic:
                finish(partial(_raise, panic))
            else:
                if isinstance(wish, TaskHandle):
                    wish._when_done(partial(enqueue, partial(deliver, wish)))
                else:
                    enqueue(partial(next, gen))
            finally:
                self.current = None

        def enqueue(enter: Callable[[], Any]) -> None:
            self._queue.append(partial(turn, enter))

        def deliver(source: TaskHandle[Any]) -> Any:
            try:
                value = source.result()
            except JoinError as error:
                return gen.throw(error)
            return gen.send(value)

        def finish(get: Callable[[], Any]) -> None:
            self._alive -= 1
            handle._settle(get)

        self._alive += 1
        enqueue(partial(next, gen))
        return handle


def _give(value: Any) -> Any:
    return value


def _raise(panic: BaseException) -> Any:
    raise JoinError(panic)
