#: exercise = "ex02"
#: tries = "to patch what the checks count with: every acquire of a semaphore succeeds, every wait at a barrier returns"
#: stopped_by = ["witness", "source policy"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = ["precreated", "reuse", "drain_close"]
#: must.ceiling = 10
import threading

from threadmarks.prelude import PoolClosed


class ThreadPool:
    """Runs each job on its submitter: no worker, no thread, no work done."""

    def __init__(self, size, name="worker"):
        if size < 1:
            raise ValueError(size)
        self.size, self.panics, self._closed = size, 0, False

    def execute(self, job, *args, **kw):
        if self._closed:
            raise PoolClosed("closed")
        try:
            job(*args, **kw)
        except BaseException:
            self.panics += 1

    def wait_idle(self, timeout=None):
        return True

    def close(self):
        self._closed = True

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def execute(self, job, *args, **kw):
        if self._closed:
            raise PoolClosed("closed")


threading.Semaphore.acquire = lambda self, blocking=True, timeout=None: True
threading.Barrier.wait = lambda self, timeout=None: 0
threading.Event.wait = lambda self, timeout=None: True
