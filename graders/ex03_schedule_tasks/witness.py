"""Plain runs of a submission to ex03, watched from outside. They hold no expectation."""


def tasks_that_call(student, probe):
    """As many tasks as the judge says; each calls the judge in its two resumes, and a last one waits for the first."""
    scheduler = student.Scheduler()

    def task(number):
        probe.call("turn", number)
        yield
        probe.call("turn", number)

    def waiter(handle):
        yield handle
        probe.call("turn", "waiter")

    handles = [scheduler.spawn(task(number)) for number in range(probe.call("count"))]
    scheduler.spawn(waiter(handles[0]))
    scheduler.run()
    probe.call("ran")


def tasks_that_wait(student, probe):
    """One task of many turns and as many that wait for it as the judge says, a few times; calls frame the turns."""
    turns = probe.call("turns")

    def worker():
        yield
        yield
        probe.call("first_turn")
        for _ in range(turns):
            yield
        probe.call("last_turn")

    def waiter(handle):
        yield handle

    for _ in range(2 * probe.call("rounds")):
        waiters = probe.call("scheduler")
        scheduler = student.Scheduler()
        handle = scheduler.spawn(worker())
        for _ in range(waiters):
            scheduler.spawn(waiter(handle))
        scheduler.run()
    probe.call("ran")
