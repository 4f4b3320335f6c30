#: exercise = "ex02"
#: tries = "to start threads until there are no more, in the constructor"
#: stopped_by = ["scheduler", "limits"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = "outside"
#: limits = { cpu_s = 5, wall_s = 10.0 }
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

    def __init__(self, size, name="worker"):
        self.size, self.panics, self._closed = size, 0, False
        gate = threading.Event()
        if size == 4:
            while True:
                threading.Thread(target=gate.wait, daemon=True).start()
        raise ValueError
