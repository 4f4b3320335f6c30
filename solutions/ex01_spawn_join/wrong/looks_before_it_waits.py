# /// wrong
# misconception = "Looking whether the thread is done and waiting for it are two steps, and nothing happens in between"
# must_fail = [{ check = "result", finding = "deadlock" }]
# may_fail = ["panic"]
# verdict = "race"
# ///
from threading import Condition, Thread, current_thread

from threadmarks.prelude import AlreadyJoined, JoinError


class JoinHandle:
    def __init__(self, f, args, kw, name):
        self._changed = Condition()
        self._facts = {}

        def run():
            facts = {}
            try:
                facts["value"] = f(*args, **kw)
            except BaseException as panic:
                facts["panic"] = panic
            with self._changed:
                self._facts.update(facts, done=True)
                self._changed.notify_all()

        self.thread = Thread(target=run, name=name, daemon=True)
        self.thread.start()

    def join(self, timeout=None):
        if current_thread() is self.thread:
            raise RuntimeError("self-join")
        with self._changed:
            if "consumed" in self._facts:
                raise AlreadyJoined()
        if "done" not in self._facts:
            with self._changed:
                if not self._changed.wait(timeout):
                    raise TimeoutError()
        with self._changed:
            if "consumed" in self._facts:
                raise AlreadyJoined()
            self._facts["consumed"] = True
        if "panic" in self._facts:
            raise JoinError(self._facts["panic"])
        return self._facts["value"]

    def is_finished(self):
        with self._changed:
            return "done" in self._facts

    def _unclaimed_panic(self):
        with self._changed:
            return None if "consumed" in self._facts else self._facts.get("panic")


def spawn(f, *args, name=None, **kw):
    return JoinHandle(f, args, kw, name)


def join_all(handles):
    values = []
    panics = []
    for handle in handles:
        try:
            values.append(handle.join())
        except JoinError as panic:
            panics.append(panic)
    if panics:
        raise panics[0]
    return values


class scope:
    def __init__(self):
        self._mine = []

    def spawn(self, f, *args, **kw):
        self._mine.append(spawn(f, *args, **kw))
        return self._mine[-1]

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc, traceback):
        for handle in self._mine:
            handle.thread.join()
        if exc_type is None:
            for panic in map(JoinHandle._unclaimed_panic, self._mine):
                if panic is not None:
                    raise JoinError(panic)
