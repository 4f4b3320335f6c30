"""ex06, another way: as many loops as there are places, each of which takes the url that is left at the end of the list."""

import asyncio


async def beats(name, count, period, say):
    def speak(iteration):
        say(f"{name}: iteration {iteration}")

    for iteration in range(1, count):
        speak(iteration)
        woken = asyncio.Event()
        asyncio.get_running_loop().call_later(period, woken.set)
        await woken.wait()
    return count - 1


async def two_tasks(say):
    tasks = {
        asyncio.ensure_future(beats("Async task 1", 5, 0.5, say)): 0,
        asyncio.ensure_future(beats("Async task 2", 3, 0.7, say)): 1,
    }
    await asyncio.wait(tasks)
    first, second = sorted(tasks, key=tasks.get)
    return first.result(), second.result()


async def fetch_all(fetch, urls, limit):
    left = dict(enumerate(urls))
    results = {}

    async def take():
        while left:
            place, url = left.popitem()
            results[place] = await fetch(url)

    takers = [asyncio.create_task(take()) for _ in range(limit)]
    try:
        await asyncio.gather(*takers)
    finally:
        for taker in takers:
            taker.cancel()
        await asyncio.gather(*takers, return_exceptions=True)
    return [results[place] for place in range(len(urls))]


async def first_of(*aws, timeout):
    ends = asyncio.Queue()
    contenders = [asyncio.ensure_future(aw) for aw in aws]
    for contender in contenders:
        contender.add_done_callback(ends.put_nowait)
    try:
        async with asyncio.timeout(timeout):
            for _ in contenders:
                ended = await ends.get()
                if ended.exception() is None:
                    return ended.result()
        raise ended.exception()
    finally:
        for contender in contenders:
            contender.cancel()
        await asyncio.gather(*contenders, return_exceptions=True)


async def from_thread(work):
    return await asyncio.get_running_loop().run_in_executor(None, work)
