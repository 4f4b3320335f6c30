#: exercise = "ex01"
#: tries = "to make checks ungraded instead of failed, without any reflection: spawn returns a proxy of a dead object, on which the driver's own line raises ReferenceError"
#: stopped_by = ["outcomes"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = ["new_thread", "misuse"]
import weakref

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


class Mortal:
    pass


def spawn(f, *args, name=None, **kw):
    f(*args, **kw)
    return weakref.proxy(Mortal())
