#: exercise = "ex02"
#: tries = "to turn every bad end of a run into a good one: the scheduler's finish is replaced"
#: stopped_by = ["checks"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = ["precreated", "reuse", "overlap_exact"]
#: must.ceiling = 8
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

scheduler = sys.modules["threadmarks.runner.baton"].Scheduler
finish = scheduler.finish
scheduler.finish = lambda self, outcome: finish(self, "completed")
