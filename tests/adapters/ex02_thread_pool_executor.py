# /// adapter
# library = "concurrent.futures.ThreadPoolExecutor"
# exercise = "ex02"
# must_fail = [{ check = "precreated", finding = "threads-not-precreated" }]
# policy = ["concurrent.futures"]
# score = 10
# ///
"""`concurrent.futures.ThreadPoolExecutor` as a submission to ex02.

True of it: its constructor starts no thread; threads are started as jobs come. Everything else that ex02 asks for it does.
Its import is forbidden, which caps the exercise at half its points.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

from threadmarks.prelude import PoolClosed


class ThreadPool:
    def __init__(self, size, name="worker"):
        self._executor = ThreadPoolExecutor(size, thread_name_prefix=name)  # raises ValueError below 1
        self.size = size
        self.panics = 0
        self._unfinished = 0
        self._changed = threading.Condition()

    def execute(self, job, *args, **kw):
        with self._changed:
            self._unfinished += 1
        try:
            future = self._executor.submit(job, *args, **kw)
        except RuntimeError:
            self._ended(panicked=False)
            raise PoolClosed from None
        future.add_done_callback(lambda done: self._ended(panicked=done.exception() is not None))

    def _ended(self, panicked):
        with self._changed:
            self.panics += panicked
            self._unfinished -= 1
            self._changed.notify_all()

    def wait_idle(self, timeout=None):
        with self._changed:
            return self._changed.wait_for(lambda: self._unfinished == 0, timeout)

    def close(self):
        self._executor.shutdown()

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc, traceback):
        self.close()
