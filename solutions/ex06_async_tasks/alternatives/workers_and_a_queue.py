"""ex06, another way: gather, workers that take urls from a queue, asyncio.wait with what is left of the time, an executor."""

import asyncio
from concurrent.futures import ThreadPoolExecutor


async def beats(name, count, period, say):
    said = 0
    while said < count - 1:
        said += 1
        say(name + ": iteration " + str(said))
        await asyncio.sleep(period)
    return said


async def two_tasks(say):
    one, two = await asyncio.gather(beats("Async task 1", 5, 0.5, say), beats("Async task 2", 3, 0.7, say))
    return one, two


async def fetch_all(fetch, urls, limit):
    todo = asyncio.Queue()
    for place, url in enumerate(urls):
        todo.put_nowait((place, url))
    results = [None] * len(urls)

    async def worker():
        while not todo.empty():
            place, url = todo.get_nowait()
            results[place] = await fetch(url)

    workers = [asyncio.create_task(worker()) for _ in range(min(limit, len(urls)))]
    try:
        await asyncio.gather(*workers)
    finally:
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return results


async def first_of(*aws, timeout):
    everyone = {asyncio.ensure_future(aw) for aw in aws}
    loop = asyncio.get_running_loop()
    end = loop.time() + timeout
    pending, failure = everyone, None
    try:
        while pending:
            left = max(0, end - loop.time())
            done, pending = await asyncio.wait(pending, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                raise TimeoutError
            for task in done:
                failure = task.exception()
                if failure is None:
                    return task.result()
        raise failure
    finally:
        for task in everyone:
            task.cancel()
        await asyncio.gather(*everyone, return_exceptions=True)


async def from_thread(work):
    with ThreadPoolExecutor(1) as executor:
        return await asyncio.get_running_loop().run_in_executor(executor, work)
