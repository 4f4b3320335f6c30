# /// wrong
# misconception = "What is decided in time is in time"
# must_fail = [{ check = "cancel", finding = "success-thrown-away" }]
# may_fail = []
# ///

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


async def beats(name: str, count: int, period: float, say: Callable[[str], None]) -> int:
    said = range(1, count)  # like Rust's 1..count: without its end
    for iteration in said:
        say(f"{name}: iteration {iteration}")
        await asyncio.sleep(period)  # this task is put aside; the thread runs others
    return len(said)


async def two_tasks(say: Callable[[str], None]) -> tuple[int, int]:
    async with asyncio.TaskGroup() as group:  # leaving it awaits both
        first = group.create_task(beats("Async task 1", 5, 0.5, say))
        second = group.create_task(beats("Async task 2", 3, 0.7, say))
    return first.result(), second.result()


async def fetch_all(fetch: Callable[[str], Awaitable[T]], urls: Sequence[str], limit: int) -> list[T]:
    places = asyncio.Semaphore(limit)

    async def fetch_one(url: str) -> T:
        async with places:
            return await fetch(url)  # only now is the coroutine made: whoever gets no place leaves none behind

    try:
        async with asyncio.TaskGroup() as group:  # cancels and awaits the others when one raises
            tasks = [group.create_task(fetch_one(url)) for url in urls]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]


async def first_of(*aws: Awaitable[T], timeout: float) -> T:
    contenders = [asyncio.ensure_future(aw) for aw in aws]
    failure: Exception | None = None
    async with asyncio.timeout(timeout):
        try:
            for ended in asyncio.as_completed(contenders):
                try:
                    return await ended
                except Exception as error:
                    failure = error
            raise failure or ValueError("nobody to wait for")
        finally:
            for contender in contenders:
                contender.cancel()
            await asyncio.gather(*contenders, return_exceptions=True)


async def from_thread(work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work)
