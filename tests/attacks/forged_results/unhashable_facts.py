#: exercise = "ex02"
#: tries = "to make a check ungraded instead of failed: puts lists into the list of threads that ran the jobs, on which the check's own set() must fail"
#: stopped_by = ["decoder", "source policy"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = ["precreated", "reuse"]
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
        if "ran_on" in job.__code__.co_freevars:
            cell = job.__closure__[job.__code__.co_freevars.index("ran_on")]
            cell.cell_contents.append([1])
            return
        job(*args, **kw)
