"""ex05, another way: the pool has one condition, and all of its handles use it too; states are plain words."""

from collections import deque
from threading import Condition, Thread
from time import monotonic

from threadmarks.prelude import Cancelled, JoinError, PoolClosed

WAITING, RUNNING, VALUE, PANIC, CANCELLED = "waiting running value panic cancelled".split()


class JobHandle:
    def __init__(self, pool, function, args, kw):
        self._pool, self._function, self._args, self._kw = pool, function, args, kw
        self._state = WAITING
        self._payload = None
        self._seen = False
        self._then = []

    def _over(self):
        return self._state not in (WAITING, RUNNING)

    def _wait_until_over(self, timeout):
        changed = self._pool._changed
        deadline = None if timeout is None else monotonic() + timeout
        with changed:
            self._seen = True
            while not self._over():
                left = None if deadline is None else deadline - monotonic()
                if left is not None and left <= 0:
                    raise TimeoutError("still at it")
                changed.wait(left)
            if self._state == CANCELLED:
                raise Cancelled
            return self._state, self._payload

    def result(self, timeout=None):
        state, payload = self._wait_until_over(timeout)
        if state == PANIC:
            raise JoinError(payload)
        return payload

    def exception(self, timeout=None):
        state, payload = self._wait_until_over(timeout)
        return payload if state == PANIC else None

    def done(self):
        with self._pool._changed:
            return self._over()

    def cancel(self):
        with self._pool._changed:
            if self._state != WAITING:
                return False
            then = self._finish(CANCELLED, None)
        self._call(then)
        return True

    def _finish(self, state, payload):
        self._state, self._payload = state, payload
        then, self._then = self._then, []
        self._pool._changed.notify_all()
        return then

    def _call(self, functions):
        for fn in functions:
            try:
                fn(self)
            except BaseException:  # a callback's trouble is its own
                continue

    def add_done_callback(self, fn):
        with self._pool._changed:
            over = self._over()
            if not over:
                self._then.append(fn)
        if over:
            self._call([fn])


class Pool:
    def __init__(self, size, name="worker"):
        if size < 1:
            raise ValueError("size must be at least 1")
        self.size, self.panics, self.unobserved = size, 0, []
        self._changed = Condition()
        self._queue = deque()
        self._busy = 0
        self._closed = False
        self._all_panics = []
        self._workers = []
        for number in range(size):
            worker = Thread(target=self._loop, name=f"{name}{number}")
            self._workers.append(worker)
            worker.start()

    def _next(self):
        with self._changed:
            while True:
                while self._queue:
                    handle = self._queue.popleft()
                    if handle._state == WAITING:
                        handle._state = RUNNING
                        self._busy += 1
                        return handle
                    self._changed.notify_all()  # a cancelled one is gone: that may be what wait_idle waits for
                if self._closed:
                    return None
                self._changed.wait()

    def _loop(self):
        while (handle := self._next()) is not None:
            try:
                end = VALUE, handle._function(*handle._args, **handle._kw)
            except BaseException as error:
                end = PANIC, error
            with self._changed:
                if end[0] == PANIC:
                    self.panics += 1
                    self._all_panics.append(handle)
                then = handle._finish(*end)
            handle._call(then)
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def _add(self, handle):
        with self._changed:
            if self._closed:
                raise PoolClosed
            self._queue.append(handle)
            self._changed.notify_all()

    def submit(self, f, *args, **kw):
        handle = JobHandle(self, f, args, kw)
        self._add(handle)
        return handle

    def execute(self, job, *args, **kw):
        handle = JobHandle(self, job, args, kw)
        handle._seen = True
        self._add(handle)

    def map(self, f, xs, timeout=None):
        begin = monotonic()
        handles = [self.submit(f, x) for x in xs]

        def left():
            return None if timeout is None else max(0, begin + timeout - monotonic())

        return [handle.result(left()) for handle in handles]

    def wait_idle(self, timeout=None):
        with self._changed:
            return self._changed.wait_for(lambda: not self._queue and not self._busy, timeout)

    def close(self, cancel_pending=False):
        with self._changed:
            self._closed = True
            waiting = list(self._queue) if cancel_pending else []
            self._changed.notify_all()
        for handle in waiting:
            handle.cancel()
        for worker in self._workers:
            worker.join()
        self.unobserved = [handle._payload for handle in self._all_panics if not handle._seen]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
