#: exercise = "ex02"
#: tries = "to empty the table of the friendly audit hook and start a program then"
#: stopped_by = ["seccomp"]
#: holds_on = ["full", "no-user-namespace"]
#: must.fail = "all"
import os
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


sys.modules["threadmarks.runner.guard"]._REFUSED.clear()
child = os.fork()
if child == 0:
    os.write(1, b"@DONE@ forked\n")
    os._exit(0)
os.waitpid(child, 0)
raise SystemExit(0)
