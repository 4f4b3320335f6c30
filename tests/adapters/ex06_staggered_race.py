# /// adapter
# library = "asyncio.staggered.staggered_race"
# exercise = "ex06"
# must_fail = [{ check = "cancel", finding = "success-thrown-away" }]
# score = 17
# ///
"""`asyncio.staggered.staggered_race`, by which asyncio tries the addresses of a host side by side, as ex06's `first_of`.

True of it: with no delay between the starts it does nearly all that ex06 asks of `first_of`. Failures are kept and looked at, and the losers
are cancelled, also when the race itself is cancelled. Only, in Python 3.11 it does not wait for them then; here that is done for it. It knows no
time-out, and gives the winner only when the losers have cleaned up: an `asyncio.timeout` around it throws a success away whose losers take
longer than the time that was left. So `cancel` fails.
What to raise when all have failed it leaves to its caller, and gives their exceptions.
"""

import asyncio
from asyncio.staggered import staggered_race


async def beats(name, count, period, say):
    for number in range(1, count):
        say(f"{name}: iteration {number}")
        await asyncio.sleep(period)
    return count - 1


async def two_tasks(say):
    return tuple(await asyncio.gather(beats("Async task 1", 5, 0.5, say), beats("Async task 2", 3, 0.7, say)))


async def fetch_all(fetch, urls, limit):
    places = asyncio.Semaphore(limit)

    async def one(url):
        async with places:
            return await fetch(url)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(url)) for url in urls]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]


async def first_of(*aws, timeout):
    async def contend(task):
        return await task

    tasks = [asyncio.ensure_future(aw) for aw in aws]
    try:
        async with asyncio.timeout(timeout):
            winner, index, errors = await staggered_race([lambda task=task: contend(task) for task in tasks], delay=0)
    finally:
        await asyncio.gather(*tasks, return_exceptions=True)
    if index is None:
        raise errors[-1]
    return winner


async def from_thread(work):
    return await asyncio.to_thread(work)
