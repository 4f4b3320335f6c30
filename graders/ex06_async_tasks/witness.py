"""Plain runs of a submission to ex06, watched from outside. They hold no expectation; the judge says how much there is to do.

A call to the judge blocks, so tasks make theirs on threads of the scenario's own.
"""

import asyncio


def tasks_on_one_thread(student, probe):
    """beats, fetch_all and first_of, with nothing to wait for but the loop."""
    urls = probe.call("urls")

    async def fetch(url):
        await asyncio.sleep(0)
        return url

    async def slow():
        await asyncio.sleep(3600)

    async def main():
        said = await student.beats("task", 3, 0.001, lambda _text: None)
        return [
            said,
            await student.fetch_all(fetch, urls, 2),
            await student.first_of(slow(), fetch("quick"), timeout=3600),
        ]

    probe.call("over", asyncio.run(main()))


def fetches_at_a_gate(student, probe):
    """Each fetch calls the judge on a thread of its own."""
    limit, urls = probe.call("limit"), probe.call("urls")

    async def fetch(url):
        return await asyncio.to_thread(probe.call, "fetch", url)

    async def main():
        await asyncio.to_thread(probe.call, "results", await student.fetch_all(fetch, urls, limit))

    asyncio.run(main())


def work_at_a_gate(student, probe):
    """The work calls the judge; a task beside it calls on and on until the work is over."""

    async def main():
        working = asyncio.ensure_future(student.from_thread(lambda: probe.call("work")))
        while not working.done():
            await asyncio.sleep(0.001)
            await asyncio.to_thread(probe.call, "beat")
        probe.call("result", await working)

    asyncio.run(main())


def beats_that_call(student, probe):
    """beats, whose lines are calls."""
    name, count = probe.call("name"), probe.call("count")
    returned = asyncio.run(student.beats(name, count, 0, lambda text: probe.call("said", text)))
    probe.call("returned", returned)
