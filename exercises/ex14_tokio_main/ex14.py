"""ex14: the macro and the two programs. First the forecast, then `main`, `spawn` and `sleep`, then the programs."""

from collections.abc import Callable, Coroutine
from typing import Any, Literal, TypeVar

from ex07 import Executor  # noqa: F401  flavor "current_thread"
from ex12 import MultiRuntime  # noqa: F401  flavor "multi_thread"

from threadmarks.prelude import Clock, Future, NoRuntime  # noqa: F401  you will need them

T = TypeVar("T")


def predict() -> dict[str, Any]:
    """The forecast: {"threads": {...}, "tokio": {...}}, each with the keys "threads", "lines" and "end". Write it first.

    threads: how many OS threads there are at most at the same time, the one that calls the program included (int).
    lines: how many lines the program says (int).
    end: after how many seconds it has ended (float).
    """
    raise NotImplementedError


def main(
    *,
    flavor: Literal["current_thread", "multi_thread"] = "multi_thread",
    worker_threads: int = 4,
    clock: Clock | None = None,
) -> Callable[[Callable[..., Coroutine[Any, Any, T]]], Callable[..., T]]:
    """Make an ordinary function of an async one: each call builds a runtime, runs the body on it, and shuts it down.

    A call raises RuntimeError where a runtime is current already.
    """
    raise NotImplementedError


def spawn(coro: Coroutine[Any, Any, T]) -> Future[T]:
    """Make a task of a coroutine, on the runtime whose task calls this; gives its JoinFuture. Outside of one: NoRuntime."""
    raise NotImplementedError


async def sleep(s: float) -> None:
    """Wait so many seconds, on the clock of the runtime whose task awaits this, and hold up nobody."""
    raise NotImplementedError


def threads_program(say: Callable[[str], None], sleep: Callable[[float], None]) -> None:
    """The threads program. `say` takes a line, `sleep` puts the calling thread to sleep."""
    raise NotImplementedError


def tokio_program(say: Callable[[str], None]) -> None:
    """The Tokio program: calls an async function that is decorated with `@main()`. `say` takes a line."""
    raise NotImplementedError
