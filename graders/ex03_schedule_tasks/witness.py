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
