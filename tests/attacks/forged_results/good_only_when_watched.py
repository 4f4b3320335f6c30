#: exercise = "ex01"
#: tries = "to tell the two accounts apart by how a lock is made: fakes everything under the engine, and would behave only without it"
#: stopped_by = ["checks", "witness"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = "outside"
#: must.ceiling = 10
import sys
import threading

from threadmarks.prelude import AlreadyJoined, JoinError


class JoinHandle:
    """Runs the closure on the caller's thread: nothing is spawned."""

    def __init__(self, f, args, kw):
        self.thread, self._joined = threading.current_thread(), False
        try:
            self._kind, self._value = "value", f(*args, **kw)
        except BaseException as panic:
            self._kind, self._value = "panic", panic

    def join(self, timeout=None):
        if self._joined:
            raise AlreadyJoined("joined before")
        self._joined = True
        if self._kind == "panic":
            raise JoinError(self._value)
        return self._value

    def is_finished(self):
        return True


def spawn(f, *args, name=None, **kw):
    return JoinHandle(f, args, kw)


def join_all(handles):
    return [handle.join() for handle in handles]


class scope:
    def spawn(self, f, *args, **kw):
        return spawn(f, *args, **kw)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return None

WATCHED = hasattr(type(threading.Lock()).acquire, "__code__")

if not WATCHED:

    class JoinHandle:
        def __init__(self, f, args, kw):
            self._joined, self._kind, self._value = False, "value", None
            self.thread = threading.Thread(target=self._run, args=(f, args, kw), daemon=True)
            self.thread.start()

        def _run(self, f, args, kw):
            try:
                self._value = f(*args, **kw)
            except BaseException as panic:
                self._kind, self._value = "panic", panic

        def join(self, timeout=None):
            self.thread.join(timeout)
            return self._value

        def is_finished(self):
            return not self.thread.is_alive()

else:
    probe_of = sys.modules["threadmarks.runner.probe"].Probe
    note = probe_of.note
    right = {"ran_on": [1, 2, 3], "handles": [1, 2, 3]}
    probe_of.note = lambda self, name, value=None: note(self, name, right.get(name, value))
