# /// adapter
# library = "concurrent.futures"
# exercise = "ex05"
# must_fail = [{ check = "callbacks", finding = "callback-cannot-ask" }, { check = "unobserved", finding = "panic-vanished" }]
# policy = ["concurrent.futures"]
# score = 10
# ///
"""`concurrent.futures.ThreadPoolExecutor` and its `Future` as a submission to ex05.

True of it: panics that nobody asks for vanish. Its callbacks get the Future; this adapter passes that on instead of the handle, as
the library does. A callback's SystemExit is not dropped: it ends the worker. Everything else that ex05 asks for it does. Its import
is forbidden, which caps the exercise at half its points.
"""

import logging
import threading
import time
from concurrent.futures import CancelledError, ThreadPoolExecutor

from threadmarks.prelude import Cancelled, JoinError, PoolClosed

logging.getLogger("concurrent.futures").addHandler(logging.NullHandler())  # it logs what callbacks raise


class JobHandle:
    def __init__(self, future):
        self._future = future

    def result(self, timeout=None):
        error = self.exception(timeout)
        if error is not None:
            raise JoinError(error)
        return self._future.result()

    def exception(self, timeout=None):
        try:
            return self._future.exception(timeout)
        except CancelledError:
            raise Cancelled from None

    def done(self):
        return self._future.done()

    def cancel(self):
        return self._future.cancel()

    def add_done_callback(self, fn):
        self._future.add_done_callback(fn)


class Pool:
    def __init__(self, size, name="worker"):
        self._executor = ThreadPoolExecutor(size, thread_name_prefix=name)  # raises ValueError below 1
        self.size = size
        self.panics = 0
        self.unobserved = []
        self._unfinished = 0
        self._changed = threading.Condition()

    def submit(self, f, *args, **kw):
        with self._changed:
            self._unfinished += 1
        try:
            future = self._executor.submit(f, *args, **kw)
        except RuntimeError:
            self._ended(panicked=False)
            raise PoolClosed from None
        future.add_done_callback(lambda done: self._ended(not done.cancelled() and done.exception() is not None))
        return JobHandle(future)

    def execute(self, job, *args, **kw):
        self.submit(job, *args, **kw)

    def _ended(self, panicked):
        with self._changed:
            self.panics += panicked
            self._unfinished -= 1
            self._changed.notify_all()

    def map(self, f, xs, timeout=None):
        end = None if timeout is None else time.monotonic() + timeout
        handles = [self.submit(f, x) for x in xs]
        return [handle.result(None if end is None else max(0, end - time.monotonic())) for handle in handles]

    def wait_idle(self, timeout=None):
        with self._changed:
            return self._changed.wait_for(lambda: self._unfinished == 0, timeout)

    def close(self, cancel_pending=False):
        self._executor.shutdown(cancel_futures=cancel_pending)

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc, traceback):
        self.close()
