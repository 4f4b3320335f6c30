# /// wrong
# misconception = "Counting up needs the lock, counting down is one short line and does not"
# must_fail = [{ check = "wait_idle", finding = "idle-missed" }]
# verdict = "race"
# ///
from collections import deque
from functools import partial
from threading import Condition, Thread

from threadmarks.prelude import PoolClosed


class ThreadPool:
    def __init__(self, size, name="worker"):
        if size < 1:
            raise ValueError("size must be at least 1")
        self.size = size
        self.panics = 0
        self._jobs = deque()
        self._running = 0
        self._open = True
        self._changed = Condition()
        self._threads = []
        for number in range(1, size + 1):
            thread = Thread(target=self._loop, name=f"{name} {number}")
            thread.start()
            self._threads.append(thread)

    def _loop(self):
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._jobs or not self._open)
                if not self._jobs:
                    return
                job = self._jobs.popleft()
                self._running += 1
            panics = 0
            try:
                job()
            except BaseException:
                panics = 1
            finally:
                self._running -= 1
                with self._changed:
                    self.panics += panics
                    self._changed.notify_all()

    def execute(self, job, *args, **kw):
        with self._changed:
            if not self._open:
                raise PoolClosed
            self._jobs.append(partial(job, *args, **kw))
            self._changed.notify_all()

    def wait_idle(self, timeout=None):
        with self._changed:
            return self._changed.wait_for(lambda: not self._jobs and not self._running, timeout)

    def close(self):
        with self._changed:
            self._open = False
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()
