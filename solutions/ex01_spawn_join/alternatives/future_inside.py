"""ex01, another way: a `concurrent.futures.Future` carries the outcome; the thread only fills it."""

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field

from threadmarks.prelude import AlreadyJoined, JoinError


@dataclass(eq=False)
class JoinHandle:
    thread: threading.Thread
    outcome: Future
    claims: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(1))
    consumed: bool = False

    def join(self, timeout=None):
        if self.consumed:
            raise AlreadyJoined
        if self.thread is threading.current_thread():
            raise RuntimeError("a thread cannot wait for its own end")
        panic = self.outcome.exception(timeout)  # its TimeoutError is the built-in one
        if not self.claims.acquire(blocking=False):
            raise AlreadyJoined
        self.consumed = True
        if panic is not None:
            raise JoinError(panic)
        return self.outcome.result()

    def is_finished(self):
        return self.outcome.done()


def spawn(f, *args, name=None, **kw):
    outcome = Future()

    def run():
        try:
            value = f(*args, **kw)
        except BaseException as panic:
            outcome.set_exception(panic)
        else:
            outcome.set_result(value)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    return JoinHandle(thread, outcome)


def join_all(handles):
    def attempt(handle):
        try:
            return handle.join(), None
        except JoinError as error:
            return None, error

    pairs = [attempt(handle) for handle in handles]
    first = next((error for _, error in pairs if error is not None), None)
    if first is not None:
        raise first
    return [value for value, _ in pairs]


class scope:
    def __init__(self):
        self._spawned = []

    def __enter__(self):
        return self

    def spawn(self, f, *args, **kw):
        handle = spawn(f, *args, **kw)
        self._spawned.append(handle)
        return handle

    def __exit__(self, exc_type, exc, traceback):
        for handle in self._spawned:
            handle.thread.join()
        if exc is not None:
            return
        for handle in self._spawned:
            panic = handle.outcome.exception()
            if panic is not None and not handle.consumed:
                raise JoinError(panic)
