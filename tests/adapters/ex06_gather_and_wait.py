# /// adapter
# library = "asyncio.gather and asyncio.wait"
# exercise = "ex06"
# must_fail = [
#   { check = "limit", finding = "too-many-at-once" },
#   { check = "cancel", finding = "not-the-first-success" },
#   { check = "small_print", finding = "contender-goes-on" },
# ]
# score = 14
# ///
"""`asyncio.gather` and `asyncio.wait` as a submission to ex06, just as they come.

True of them: gather starts everything at once and knows no limit. wait tells who has ended first, success or not, and cancels nobody. Their
sleeps overlap, they block nothing, start no thread, keep results in order, and leave nothing behind where nobody failed.
"""

import asyncio


async def beats(name, count, period, say):
    for number in range(1, count):
        say(f"{name}: iteration {number}")
        await asyncio.sleep(period)
    return count - 1


async def two_tasks(say):
    return tuple(await asyncio.gather(beats("Async task 1", 5, 0.5, say), beats("Async task 2", 3, 0.7, say)))


async def fetch_all(fetch, urls, limit):
    return await asyncio.gather(*map(fetch, urls))


async def first_of(*aws, timeout):
    tasks = [asyncio.ensure_future(aw) for aw in aws]
    done, _ = await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    if not done:
        raise TimeoutError
    return done.pop().result()


async def from_thread(work):
    return await asyncio.to_thread(work)
