"""Plain runs of a submission to ex07, watched from outside. They hold no expectation."""

import threading


def tasks_before_and_after(student, probe):
    """Three tasks call the judge; two are spawned, one is the root."""
    executor = student.Executor()

    async def task(number):
        probe.call("task", number)

    handles = [executor.spawn(task(0)), executor.spawn(student.from_coroutine(task(1)))]

    async def root():
        for handle in handles:
            await handle
        await task(2)

    probe.call("made")
    executor.block_on(root())
    probe.call("over")


def one_shot_set_by_a_thread(student, probe):
    """A thread asks the judge for a value and sets a one-shot with it."""
    executor = student.Executor()
    one = student.OneShotFuture()

    async def waiter():
        got = await one
        probe.call("went_on", got)

    thread = threading.Thread(target=lambda: one.set(probe.call("value")))
    thread.start()
    with executor.expect_wake():
        executor.block_on(waiter())
    thread.join()
    probe.call("over")


def values_that_are_awaited(student, probe):
    """Three coroutines, one inside the other."""
    executor = student.Executor()
    one = student.OneShotFuture()
    one.set(probe.call("value"))

    async def inner():
        return await one + 1

    async def middle():
        return await student.from_coroutine(inner()) + 1

    async def outer():
        return await middle() + 1

    probe.call("deep", executor.block_on(outer()))
