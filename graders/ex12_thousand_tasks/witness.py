"""Plain runs of a submission to ex12, watched from outside. They hold no expectation; the judge says how many tasks there are."""

import threading


def tasks_that_call(student, probe):
    """Tasks that call the judge, one call each; nobody awaits them."""
    runtime = student.MultiRuntime(probe.call("workers"))

    async def task(ticket):
        probe.call("task", ticket)

    for ticket in probe.call("constructed"):
        runtime.spawn(task(ticket))
    probe.call("spawned")


def many_tasks(student, probe):
    """All workers are held, many tasks are spawned, and then the workers are let go."""
    workers = probe.call("workers")
    runtime = student.MultiRuntime(workers)
    gate, ended = threading.Event(), threading.Semaphore(0)

    async def blocker():
        gate.wait()

    async def task():
        ended.release()

    for _ in range(workers):
        runtime.spawn(blocker())
    wanted = probe.call("wanted")
    for _ in range(wanted):
        runtime.spawn(task())
    gate.set()
    for _ in range(wanted):
        ended.acquire()
    probe.call("ended", wanted)


def runtime_that_is_shut_down(student, probe):
    """Tasks that have called the judge once and then sleep for an hour; then the runtime is shut down."""
    runtime = student.MultiRuntime(probe.call("workers"))

    async def task(ticket):
        try:
            probe.call("task", ticket)
            await student.sleep(3600)
        finally:
            probe.call("finally", ticket)

    for ticket in probe.call("constructed"):
        runtime.spawn(task(ticket))
    probe.call("shut_down")
    runtime.shutdown()
    probe.call("over")


def runtime_without_tasks(student, probe):
    """A runtime that has run one task and has one more that sleeps for an hour."""
    runtime = student.MultiRuntime(probe.call("workers"))

    async def quick():
        probe.call("task")

    async def sleeper():
        await student.sleep(3600)

    runtime.spawn(sleeper())
    runtime.spawn(quick())
    probe.call("idle")
    del runtime
