"""Plain runs of a submission to ex11, watched from outside. They hold no expectation; the judge says how many calls there are."""

from ex07 import sleep


def heart_and_a_call(student, probe):
    """A blocking call that the judge holds, and a task that beats."""
    runtime = student.Runtime()

    async def heart():
        while not probe.call("beat"):
            await sleep(0.001)
        probe.call("beaten")

    async def main():
        handle = runtime.spawn_blocking(probe.call, "job")
        beating = runtime.spawn(heart())
        probe.call("got", await handle)
        await beating

    runtime.block_on(main())
    runtime.shutdown()
    probe.call("over")


def calls_that_are_held(student, probe):
    """Blocking calls that each call the judge."""
    runtime = student.Runtime(probe.call("cap"))
    tickets = probe.call("constructed")

    async def main():
        handles = [runtime.spawn_blocking(probe.call, "job", ticket) for ticket in tickets]
        for handle in handles:
            await handle

    runtime.block_on(main())
    runtime.shutdown()
    probe.call("over")


def runtime_that_is_shut_down(student, probe):
    """A few calls have ended and two are queued behind one that runs when the runtime is shut down."""
    runtime = student.Runtime(1)

    async def main():
        await runtime.spawn_blocking(probe.call, "first")

    runtime.block_on(main())
    handles = [runtime.spawn_blocking(probe.call, "job", number) for number in range(3)]
    probe.call("shut_down", len(handles))
    runtime.shutdown()
    probe.call("over")


def task_that_is_held(student, probe):
    """find_blockers watches a task that calls the judge within its poll."""
    runtime = student.Runtime()
    limit = probe.call("limit")

    async def holds_the_loop():
        probe.call("hold")

    names = student.find_blockers(lambda: runtime.block_on(holds_the_loop()), limit)
    probe.call("names", sorted(map(str, names)))
