# /// wrong
# misconception = "A panic may be written down after the result is announced: who joins is only just waking up"
# must_fail = [{ check = "panic", finding = "panic-too-late" }]
# verdict = "race"
# ///
import threading

from threadmarks.prelude import AlreadyJoined, JoinError


class JoinHandle:
    def __init__(self, f, args, kw, name):
        self._value = None
        self._error = None
        self._joined = False
        self._done = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(f, args, kw), name=name, daemon=True)

    def _run(self, f, args, kw):
        value = error = None
        try:
            value = f(*args, **kw)
        except BaseException as caught:
            error = caught
        self._value = value
        self._done.set()
        self._error = error

    def join(self, timeout=None):
        if self._joined:
            raise AlreadyJoined
        if threading.current_thread() is self.thread:
            raise RuntimeError("cannot join itself")
        if not self._done.wait(timeout):
            raise TimeoutError
        self._joined = True
        if self._error is not None:
            raise JoinError(self._error)
        return self._value

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
                if handle._error is not None and not handle._joined:
                    raise JoinError(handle._error)
