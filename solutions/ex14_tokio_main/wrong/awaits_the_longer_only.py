# /// wrong
# misconception = "The first task has more to say, so the second one has ended when it has"
# must_fail = [{ check = "await_both", finding = "task-not-awaited" }]
# ///

import functools
import threading
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from typing import Any, Literal, Protocol, TypeVar

import ex07
import ex12

from threadmarks.prelude import Clock, Future, NoRuntime

T = TypeVar("T")


def predict() -> dict[str, Any]:
    return {
        "threads": {"threads": 2, "lines": 6, "end": 2.0},
        "tokio": {"threads": 5, "lines": 6, "end": 2.0},
    }


class _Runtime(Protocol):
    """What both flavors have in common."""

    def spawn(self, coro: Coroutine[Any, Any, T]) -> Future[T]: ...
    def block_on(self, coro: Coroutine[Any, Any, T]) -> T: ...
    def shutdown(self) -> None: ...
    async def sleep(self, s: float) -> None: ...


class _CurrentThread:
    """ex07's executor. It has no shutdown: the tasks that are left are aborted one by one, so it keeps their handles."""

    def __init__(self, clock: Clock | None) -> None:
        self._executor = ex07.Executor(clock)
        self._handles: list[ex07.JoinFuture[Any]] = []

    def spawn(self, coro: Coroutine[Any, Any, T]) -> Future[T]:
        handle = self._executor.spawn(coro)
        self._handles.append(handle)
        return handle

    def block_on(self, coro: Coroutine[Any, Any, T]) -> T:
        return self._executor.block_on(coro)

    def shutdown(self) -> None:
        for handle in self._handles:
            handle.abort()  # of one that has ended, it does nothing

    async def sleep(self, s: float) -> None:
        await ex07.sleep(s)


class _MultiThread:
    """ex12's runtime, and the sleep that goes with it."""

    def __init__(self, worker_threads: int, clock: Clock | None) -> None:
        runtime = ex12.MultiRuntime(worker_threads, clock)
        self.spawn = runtime.spawn
        self.block_on = runtime.block_on
        self.shutdown = runtime.shutdown

    async def sleep(self, s: float) -> None:
        await ex12.sleep(s)


_here = threading.local()  # .runtime: the one whose task this thread runs just now


def _current() -> _Runtime | None:
    return getattr(_here, "runtime", None)


def _needed() -> _Runtime:
    runtime = _current()
    if runtime is None:
        raise NoRuntime("there is no runtime here: this must be called from a task")
    return runtime


@contextmanager
def _enter(runtime: _Runtime) -> Generator[None, None, None]:
    outer = _current()
    _here.runtime = runtime
    try:
        yield
    finally:
        _here.runtime = outer


class _Entered(Coroutine[Any, Any, T]):
    """A coroutine that is within its runtime for as long as each of its steps takes, on whichever thread that is."""

    def __init__(self, runtime: _Runtime, coro: Coroutine[Any, Any, T]) -> None:
        self._runtime = runtime
        self._coro = coro

    def send(self, value: Any) -> Any:
        with _enter(self._runtime):
            return self._coro.send(value)

    def throw(self, *error: Any) -> Any:
        with _enter(self._runtime):
            return self._coro.throw(*error)

    def close(self) -> None:
        with _enter(self._runtime):
            self._coro.close()

    def __await__(self) -> Generator[Any, Any, T]:
        return self  # type: ignore[return-value]  # whoever awaits it drives it with __next__, send, throw and close

    def __iter__(self) -> "_Entered[T]":
        return self

    def __next__(self) -> Any:
        return self.send(None)


def main(
    *,
    flavor: Literal["current_thread", "multi_thread"] = "multi_thread",
    worker_threads: int = 4,
    clock: Clock | None = None,
) -> Callable[[Callable[..., Coroutine[Any, Any, T]]], Callable[..., T]]:
    def decorate(body: Callable[..., Coroutine[Any, Any, T]]) -> Callable[..., T]:
        @functools.wraps(body)
        def called(*args: Any, **kwargs: Any) -> T:
            if _current() is not None:
                raise RuntimeError("this thread is within a runtime already: its tasks would wait for one of them")
            runtime = _CurrentThread(clock) if flavor == "current_thread" else _MultiThread(worker_threads, clock)
            try:
                return runtime.block_on(_Entered(runtime, body(*args, **kwargs)))
            finally:
                runtime.shutdown()

        return called

    return decorate


def spawn(coro: Coroutine[Any, Any, T]) -> Future[T]:
    try:
        runtime = _needed()
    except NoRuntime:
        coro.close()  # nobody will run it
        raise
    return runtime.spawn(_Entered(runtime, coro))


async def sleep(s: float) -> None:
    await _needed().sleep(s)


def threads_program(say: Callable[[str], None], sleep: Callable[[float], None]) -> None:
    def child() -> None:
        for i in range(1, 5):
            say(f"Child thread: iteration {i}")
            sleep(0.5)

    handle = threading.Thread(target=child)
    handle.start()
    for i in range(1, 3):
        say(f"Main thread: iteration {i}")
        sleep(0.7)
    handle.join()


def tokio_program(say: Callable[[str], None]) -> None:
    async def task(number: int, end: int, period: float) -> None:
        for i in range(1, end):
            say(f"Async task {number}: iteration {i}")
            await sleep(period)

    @main()
    async def program() -> None:
        task1 = spawn(task(1, 5, 0.5))
        spawn(task(2, 3, 0.7))
        await task1

    program()
