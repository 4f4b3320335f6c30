"""ex01, another way: the handle is a thread of a class of its own, and its outcome a tagged pair."""

import threading

from threadmarks.prelude import AlreadyJoined, JoinError


class _Worker(threading.Thread):
    def __init__(self, f, args, kw, name):
        super().__init__(name=name)
        self.daemon = True
        self._call = (f, args, kw)
        self.outcome = ("running", None)

    def run(self):
        f, args, kw = self._call
        try:
            self.outcome = ("ok", f(*args, **kw))
        except BaseException as error:
            self.outcome = ("panic", error)


class JoinHandle:
    def __init__(self, worker):
        self.thread = worker
        self.taken = False

    def join(self, timeout=None):
        if self.taken:
            raise AlreadyJoined
        self.thread.join(timeout)
        kind, what = self.thread.outcome
        if kind == "running" or self.thread.is_alive():
            raise TimeoutError
        self.taken = True
        if kind == "panic":
            raise JoinError(what)
        return what

    def is_finished(self):
        return not self.thread.is_alive()


def spawn(f, *args, name=None, **kw):
    worker = _Worker(f, args, kw, name)
    worker.start()
    return JoinHandle(worker)


def join_all(handles):
    handles = list(handles)
    for handle in handles:
        handle.thread.join()
    results, errors = [], []
    for handle in handles:
        try:
            results.append(handle.join())
        except JoinError as error:
            errors.append(error)
    for error in errors:
        raise error
    return results


class scope:
    def __enter__(self):
        self.handles = []
        return self

    def spawn(self, f, *args, **kw):
        self.handles.append(spawn(f, *args, **kw))
        return self.handles[-1]

    def __exit__(self, exc_type, exc, traceback):
        for handle in self.handles:
            handle.thread.join()
        if exc_type is None:
            for handle in self.handles:
                kind, what = handle.thread.outcome
                if kind == "panic" and not handle.taken:
                    raise JoinError(what)
        return False
