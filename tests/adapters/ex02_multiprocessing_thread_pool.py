# /// adapter
# library = "multiprocessing.pool.ThreadPool"
# exercise = "ex02"
# must_fail = [
#   { check = "precreated", finding = "extra-threads" },
#   { check = "survives_panic", finding = "workers-died" },
#   { check = "counts_panics", finding = "panics-miscounted" },
# ]
# policy = ["multiprocessing.pool"]
# score = 10
# ///
"""`multiprocessing.pool.ThreadPool` as a submission to ex02.

True of it: beside its workers it starts three threads that handle workers, tasks and results. Its workers catch `Exception`
only: a job that raises SystemExit ends its worker, for which no other is started until something else happens, and the
panic is never reported. Its import is forbidden, which caps the exercise at half its points.
"""

import threading
from multiprocessing.pool import ThreadPool as LibraryPool

from threadmarks.prelude import PoolClosed


class ThreadPool:
    def __init__(self, size, name="worker"):
        self._pool = LibraryPool(size)  # raises ValueError below 1
        self.size = size
        self.panics = 0
        self._unfinished = 0
        self._changed = threading.Condition()

    def execute(self, job, *args, **kw):
        with self._changed:
            self._unfinished += 1
        try:
            self._pool.apply_async(job, args, kw, lambda _: self._ended(0), lambda _: self._ended(1))
        except ValueError:
            self._ended(0)
            raise PoolClosed from None

    def _ended(self, panics):
        with self._changed:
            self.panics += panics
            self._unfinished -= 1
            self._changed.notify_all()

    def wait_idle(self, timeout=None):
        with self._changed:
            return self._changed.wait_for(lambda: self._unfinished == 0, timeout)

    def close(self):
        self._pool.close()
        self._pool.join()

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc, traceback):
        self.close()
