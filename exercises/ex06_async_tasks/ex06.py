"""ex06: tasks on one thread, with asyncio as the runtime. The statement is in README.md."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


async def beats(name: str, count: int, period: float, say: Callable[[str], None]) -> int:
    """Say "NAME: iteration I" for I from 1 to `count` - 1, and sleep `period` seconds after each.

    Returns how many lines it said.
    """
    raise NotImplementedError


async def two_tasks(say: Callable[[str], None]) -> tuple[int, int]:
    """Run `beats("Async task 1", 5, 0.5, say)` beside `beats("Async task 2", 3, 0.7, say)`; what each returned."""
    raise NotImplementedError


async def fetch_all(fetch: Callable[[str], Awaitable[T]], urls: Sequence[str], limit: int) -> list[T]:
    """Fetch every url, at most `limit` of them at once; the results in the order of `urls`.

    A fetch that raises ends it: the others are cancelled and awaited, and its exception is raised.
    """
    raise NotImplementedError


async def first_of(*aws: Awaitable[T], timeout: float) -> T:
    """Run them side by side and return the first success; the others are cancelled and awaited.

    Raises TimeoutError when `timeout` seconds pass without a success; when all of them fail, the exception of one of them.
    """
    raise NotImplementedError


async def from_thread(work: Callable[[], T]) -> T:
    """Call `work()`, which may block, on another thread; return its result, or raise its exception, here."""
    raise NotImplementedError
