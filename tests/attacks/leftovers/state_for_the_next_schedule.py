#: exercise = "ex02"
#: tries = "to carry state from one schedule to the next in the same process, and to behave well only after the first"
#: stopped_by = ["fresh process"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = "outside"
#: must.ceiling = 5
import builtins
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

turn = builtins.turn = getattr(builtins, "turn", 0) + 1
threading.turns = getattr(threading, "turns", 0) + 1


def honest(self, job, *args, **kw):
    if turn > 1:
        job(*args, **kw)


ThreadPool.execute = honest
