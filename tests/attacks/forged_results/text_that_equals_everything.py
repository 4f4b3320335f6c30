#: exercise = "ex03"
#: tries = "to return results that are equal to everything: subclasses of str, list and dict that lie about themselves"
#: stopped_by = ["plain values"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = ["results", "panic_isolated"]
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


class Text(str):
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __hash__ = str.__hash__
    __class__ = property(lambda self: str)


class Handle:
    done = True

    def result(self):
        return Text("a lie")


class Scheduler:
    steps, current = Text("1"), None

    def spawn(self, gen, name=None):
        return Handle()

    def run(self):
        pass
