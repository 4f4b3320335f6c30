# /// wrong
# misconception = "A task that has failed is over and done with"
# must_fail = [{ check = "awaited", finding = "exception-never-retrieved" }]
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
    ends: asyncio.Queue[tuple[bool, object]] = asyncio.Queue()

    async def contend(aw: Awaitable[T]) -> None:
        try:
            ends.put_nowait((True, await aw))
        except Exception as error:
            ends.put_nowait((False, error))
            raise

    tasks = [asyncio.create_task(contend(aw)) for aw in aws]
    outcome: object = None
    try:
        async with asyncio.timeout(timeout):
            for _ in tasks:
                succeeded, outcome = await ends.get()
                if succeeded:
                    return outcome
        raise outcome
    finally:
        for task in tasks:
            if not task.done():
                task.cancel()
        await asyncio.wait(tasks)


async def from_thread(work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work)
