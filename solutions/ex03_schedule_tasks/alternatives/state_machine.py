"""ex03, another way: each task is a state machine with named states; the scheduler only moves tasks between states."""

from collections import deque
from collections.abc import Generator
from enum import Enum, auto
from typing import Any, Generic, TypeVar

from threadmarks.prelude import Deadlock, JoinError

T = TypeVar("T")


class State(Enum):
    READY = auto()
    RUNNING = auto()
    WAITING = auto()
    RETURNED = auto()
    PANICKED = auto()


class TaskHandle(Generic[T]):
    """The task itself, as its owner may see it."""

    def __init__(self, gen: Generator[Any, Any, T]) -> None:
        self.state = State.READY
        self.outcome: Any = None  # the return value, or the exception; `state` says which
        self.inbox: TaskHandle[Any] | None = None  # the finished task whose outcome the next resume delivers
        self.waiters: deque[TaskHandle[Any]] = deque()
        self.gen = gen

    @property
    def done(self) -> bool:
        return self.state in (State.RETURNED, State.PANICKED)

    def result(self) -> T:
        match self.state:
            case State.RETURNED:
                return self.outcome
            case State.PANICKED:
                raise JoinError(self.outcome)
            case unfinished:
                raise RuntimeError(f"no result yet: the task is {unfinished.name}")

    def resume(self) -> Any:
        """Run to the next yield and return what was yielded; end in RETURNED or PANICKED instead where it ends."""
        self.state = State.RUNNING
        source, self.inbox = self.inbox, None
        try:
            if source is None:
                return self.gen.send(None)
            if source.state is State.PANICKED:
                return self.gen.throw(JoinError(source.outcome))
            return self.gen.send(source.outcome)
        except StopIteration as stop:
            self.state, self.outcome = State.RETURNED, stop.value
        except BaseException as error:
            self.state, self.outcome = State.PANICKED, error
        return None


class Scheduler:
    def __init__(self) -> None:
        self._ready: deque[TaskHandle[Any]] = deque()
        self._waiting = 0
        self._current: TaskHandle[Any] | None = None
        self._steps = 0

    @property
    def steps(self) -> int:
        return self._steps

    @property
    def current(self) -> TaskHandle[Any] | None:
        return self._current

    def spawn(self, gen: Generator[Any, Any, T], name: str | None = None) -> TaskHandle[T]:
        handle = TaskHandle(gen)
        self._ready.append(handle)
        return handle

    def run(self) -> None:
        while self._ready:
            task = self._current = self._ready.popleft()
            self._steps += 1
            wish = task.resume()
            self._current = None
            if task.done:
                self._wake_waiters(task)
            elif isinstance(wish, TaskHandle) and not wish.done:
                task.state = State.WAITING
                wish.waiters.append(task)
                self._waiting += 1
            else:
                self._make_ready(task, wish if isinstance(wish, TaskHandle) else None)
        if self._waiting:
            raise Deadlock(f"nothing is ready, and {self._waiting} tasks are waiting")

    def _make_ready(self, task: TaskHandle[Any], inbox: TaskHandle[Any] | None) -> None:
        task.state, task.inbox = State.READY, inbox
        self._ready.append(task)

    def _wake_waiters(self, ended: TaskHandle[Any]) -> None:
        while ended.waiters:
            self._waiting -= 1
            self._make_ready(ended.waiters.popleft(), ended)
