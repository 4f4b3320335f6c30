# /// wrong
# misconception = "A Thread keeps its target as __target, so a subclass finds it as _Thread__target"
# must_fail = [{ check = "result", finding = "closure-never-ran" }]
# may_fail = [
#   "new_thread",
#   "returns_at_once",
#   "overlap",
#   "panic",
#   "timeout",
#   "misuse",
#   "detached",
#   "scoped",
#   "join_all",
#   "own_stack",
# ]
# ///
import threading

from threadmarks.prelude import AlreadyJoined, JoinError


class _ResultThread(threading.Thread):
    value = None
    error = None

    def run(self):
        try:
            self.value = self._Thread__target(*self._Thread__args, **self._Thread__kwargs)
        except BaseException as error:
            self.error = error


class JoinHandle:
    def __init__(self, f, args, kw, name):
        self._joined = False
        self.thread = _ResultThread(target=f, args=args, kwargs=kw, name=name, daemon=True)

    def join(self, timeout=None):
        if self._joined:
            raise AlreadyJoined
        self.thread.join(timeout)
        if self.thread.is_alive():
            raise TimeoutError
        self._joined = True
        if self.thread.error is not None:
            raise JoinError(self.thread.error)
        return self.thread.value

    def is_finished(self):
        return not self.thread.is_alive()


def spawn(f, *args, name=None, **kw):
    handle = JoinHandle(f, args, kw, name)
    handle.thread.start()
    return handle


def join_all(handles):
    values, errors = [], []
    for handle in handles:
        try:
            values.append(handle.join())
        except JoinError as error:
            errors.append(error)
    if errors:
        raise errors[0]
    return values


class scope:
    def __init__(self):
        self._handles = []

    def spawn(self, f, *args, **kw):
        handle = spawn(f, *args, **kw)
        self._handles.append(handle)
        return handle

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc, traceback):
        for handle in self._handles:
            handle.thread.join()
        if exc_type is None:
            for handle in self._handles:
                if handle.thread.error is not None and not handle._joined:
                    raise JoinError(handle.thread.error)
