#: exercise = "ex02"
#: tries = "to open the closures of the jobs it is given and fill in their results by hand: no job runs, no worker exists"
#: stopped_by = ["witness", "source policy"]
#: holds_on = ["full", "no-user-namespace", "rlimits"]
#: must.fail = "outside"
#: must.ceiling = 10
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
        for name, cell in zip(getattr(job, "__code__", int).co_freevars, job.__closure__ or ()):
            thing = cell.cell_contents
            if name == "ran_on":
                thing.append(len(thing) % 4 + 1)
            elif name == "done":
                thing.release()
            elif name == "ran":
                thing.append(True)
