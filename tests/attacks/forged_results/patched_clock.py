#: exercise = "ex04"
#: tries = "to block in time.sleep, and turn the virtual clock back afterwards, so that no time seems to have passed"
#: stopped_by = ["witness", "source policy"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = ["never_blocks"]
#: must.ceiling = 10
import sys
import time

from threadmarks.prelude import Deadlock, JoinError


class TaskHandle:
    done = False

    def result(self):
        return None


class TimerScheduler:
    """Drops every task."""

    steps, current = 0, None

    def __init__(self, clock):
        pass

    def spawn(self, gen, name=None):
        return TaskHandle()

    def run(self):
        pass


def sleep(seconds):
    return None


def interval(period):
    yield None


def timeout(seconds, gen):
    yield None

    def run(self):
        clock = sys.modules["threadmarks.runner.baton"].active.clock
        before = clock.now_ns
        time.sleep(5)
        clock.now_ns = before
