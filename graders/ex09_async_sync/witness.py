"""Plain runs of a submission to ex09, watched from outside. They hold no expectation."""

from ex07 import Executor, YieldNow


def tasks_in_a_mutex(student, probe):
    """Six tasks add what the judge says to a mutex's value, with a turn of the others in between."""
    executor = Executor()
    mutex = student.Mutex(0)
    inside = [0, 0]

    async def adder(number):
        async with mutex.lock() as guard:
            inside[0] += 1
            inside[1] = max(inside)
            read = guard.value
            await YieldNow()
            guard.value = read + probe.call("part", number)
            inside[0] -= 1

    async def main():
        for handle in [executor.spawn(adder(number)) for number in range(6)]:
            await handle
        return (await mutex.lock()).value

    total = executor.block_on(main())
    probe.call("total", [total, inside[1]])
