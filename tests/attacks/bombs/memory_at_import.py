#: exercise = "ex02"
#: tries = "to fill the machine's memory while the file is imported, and to keep it when that is refused"
#: stopped_by = ["limits"]
#: holds_on = ["full", "no-user-namespace", "rlimits"]
#: needs_limits = true
#: must.fail = "all"
#: limits = { memory_bytes = 536870912, wall_s = 10.0, cpu_s = 3 }
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

kept = []
size = 1 << 26
while size:
    try:
        kept.append(bytearray(b"x") * size)
    except MemoryError:
        size //= 2
raise MemoryError
