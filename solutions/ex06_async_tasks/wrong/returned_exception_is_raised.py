# /// wrong
# misconception = "An exception object is a failure"
# must_fail = [{ check = "from_thread", finding = "wrong-result" }]
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
    tasks = [asyncio.ensure_future(aw) for aw in aws]
    failure: Exception | None = None
    try:
        async with asyncio.timeout(timeout):
            for ended in asyncio.as_completed(tasks):
                try:
                    return await ended
                except Exception as error:  # a failure is no success; a cancellation is no Exception, and goes through
                    failure = error
        if failure is None:
            raise ValueError("nobody to wait for")
        raise failure
    finally:  # after a success, the time-out, failures, or when we are cancelled ourselves
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)  # their own `finally` is over now


async def from_thread(work: Callable[[], T]) -> T:
    outcomes: list[object] = []

    def run() -> None:
        try:
            outcomes.append(work())
        except BaseException as error:
            outcomes.append(error)

    await asyncio.to_thread(run)
    if isinstance(outcomes[0], BaseException):
        raise outcomes[0]
    return outcomes[0]
