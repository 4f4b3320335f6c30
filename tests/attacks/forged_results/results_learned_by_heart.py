#: exercise = "ex03"
#: tries = "nothing by force: no task runs; what the handles return is what the checks are known to want"
#: stopped_by = ["drawn inputs", "checks"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = ["rotation", "results"]
from threadmarks.prelude import Deadlock, JoinError


class TaskHandle:
    done = False

    def result(self):
        return None


class Scheduler:
    """Drops every task."""

    steps, current = 0, None

    def spawn(self, gen, name=None):
        return TaskHandle()

    def run(self):
        pass


class Handle(TaskHandle):
    answers = [1234, "text", None, 0]

    def __init__(self, number):
        self._number, self._asked = number, 0

    @property
    def done(self):
        self._asked += 1
        return self._asked > 1

    def result(self):
        if self._asked < 2:
            raise RuntimeError("not done")
        return Handle.answers[self._number % 4]


class Scheduler:
    steps, current = 1000, None

    def __init__(self):
        self._spawned = 0

    def spawn(self, gen, name=None):
        self._spawned += 1
        return Handle(self._spawned - 1)

    def run(self):
        pass
