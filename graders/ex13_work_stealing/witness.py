"""Plain runs of a submission to ex13, watched from outside. They hold no expectation, not even a number."""

import threading


def tasks_that_call(student, probe):
    """Tasks that spawn tasks; each that runs puts its number on a list, and the judge is told how long that is at the end."""
    runtime = student.StealingRuntime(4)
    many = probe.call("many")
    ran, lock, over = [], threading.Lock(), threading.Event()

    async def task(number):
        with lock:
            ran.append(number)
            if len(ran) == many:
                over.set()

    async def parent(first):
        for number in range(first, first + many // 10):
            runtime.spawn(task(number))

    for first in range(0, many, many // 10):
        runtime.spawn(parent(first))
    over.wait()
    probe.call("over", [len(ran), len(set(ran))])
