"""Plain runs of a submission to ex04, watched from outside. They hold no expectation."""


class _Clock:
    """Moves only when somebody parks, and a little when it is read: a loop that asks and asks comes to its end."""

    def __init__(self):
        self._now_s = 100.0

    def now(self):
        self._now_s += 1e-6
        return self._now_s

    def park(self, timeout):
        if timeout is not None:
            self._now_s += timeout


def sleepers_that_call(student, probe):
    """Tasks that sleep, tick, wait for each other and are timed out; each calls the judge when it is done."""
    scheduler = student.TimerScheduler(_Clock())

    def sleeper(seconds, name):
        yield student.sleep(seconds)
        probe.call("done", name)

    def ticker():
        ticks = student.interval(0.1)
        for _ in range(3):
            yield next(ticks)
        probe.call("done", "ticker")

    def hurried():
        yield from student.timeout(1.0, sleeper(0.25, "inner"))
        probe.call("done", "hurried")

    def waiter(handle):
        yield handle
        probe.call("done", "waiter")

    slow = scheduler.spawn(sleeper(0.4, "slow"))
    for task in (ticker(), hurried(), waiter(slow)):
        scheduler.spawn(task)
    scheduler.run()
    probe.call("ran")
