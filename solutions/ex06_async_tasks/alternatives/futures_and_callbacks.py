"""ex06, another way: bare futures, callbacks, a set of running tasks that is filled up again, and a thread of one's own."""

import asyncio
import threading


async def beats(name, count, period, say):
    i = 1
    while i < count:
        say("%s: iteration %d" % (name, i))
        await asyncio.sleep(period)
        i += 1
    return i - 1


async def two_tasks(say):
    task1 = asyncio.create_task(beats("Async task 1", 5, 0.5, say))
    task2 = asyncio.create_task(beats("Async task 2", 3, 0.7, say))
    return (await task1, await task2)


async def fetch_all(fetch, urls, limit):
    waiting = list(enumerate(urls))
    waiting.reverse()
    running = {}
    results = {}
    try:
        while waiting or running:
            while waiting and len(running) < limit:
                place, url = waiting.pop()
                running[asyncio.ensure_future(fetch(url))] = place
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                results[running[task]] = task.result()
                del running[task]
    except BaseException:
        await drop(running)
        raise
    return [results[place] for place in range(len(urls))]


async def drop(tasks):
    for task in tasks:
        task.cancel()
    for task in list(tasks):
        try:
            await task
        except BaseException:
            pass


async def first_of(*aws, timeout):
    loop = asyncio.get_running_loop()
    first = loop.create_future()
    tasks = [asyncio.ensure_future(aw) for aw in aws]
    open_tasks = set(tasks)

    def ended(task):
        open_tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if first.done():
            return
        if error is None:
            first.set_result(task.result())
        elif not open_tasks:
            first.set_exception(error)

    for task in tasks:
        task.add_done_callback(ended)
    try:
        return await asyncio.wait_for(first, timeout)
    finally:
        await drop(tasks)


async def from_thread(work):
    loop = asyncio.get_running_loop()
    ended = loop.create_future()

    def settle(how, what):
        if not ended.done():
            how(what)

    def run():
        try:
            value = work()
        except BaseException as error:
            loop.call_soon_threadsafe(settle, ended.set_exception, error)
        else:
            loop.call_soon_threadsafe(settle, ended.set_result, value)

    threading.Thread(target=run, daemon=True).start()
    return await ended
