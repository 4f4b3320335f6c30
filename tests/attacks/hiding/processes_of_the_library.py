#: exercise = "ex02"
#: tries = "a pool of processes instead of threads, through the multiprocessing module"
#: stopped_by = ["seccomp", "checks", "source policy"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = ["precreated", "reuse", "overlap_exact"]
#: limits = { wall_s = 6.0 }
import multiprocessing

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
        if size < 1:
            raise ValueError(size)
        self.size, self.panics, self._closed = size, 0, False
        self._context = multiprocessing.get_context("fork")

    def execute(self, job, *args, **kw):
        process = self._context.Process(target=job, args=args, kwargs=kw)
        process.start()
        process.join()
