#: exercise = "ex01"
#: tries = "nothing evil: spawn and its thread take two locks in opposite orders"
#: stopped_by = ["scheduler"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = ["result", "overlap"]
#: must.codes = ["deadlock", "stalled"]
import threading

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

FIRST, SECOND = threading.Lock(), threading.Lock()


def spawn(f, *args, name=None, **kw):
    there = threading.Event()

    def work():
        with SECOND:
            there.set()
            with FIRST:
                f(*args, **kw)

    thread = threading.Thread(target=work, daemon=True)
    with FIRST:
        thread.start()
        there.wait()
        with SECOND:
            pass
    return JoinHandle(f, args, kw)
