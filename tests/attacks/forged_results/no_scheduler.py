#: exercise = "ex02"
#: tries = "to tell the engine that no schedule is under way, so that it neither counts nor preempts"
#: stopped_by = ["scheduler", "limits"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = ["precreated", "reuse", "overlap_exact"]
#: must.ceiling = 4
#: limits = { wall_s = 2.0, stuck_s = 0.4 }
import sys

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
        baton = sys.modules["threadmarks.runner.baton"]
        active, baton.active = baton.active, None
        job(*args, **kw)
        baton.active = active
