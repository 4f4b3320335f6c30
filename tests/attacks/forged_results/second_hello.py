#: exercise = "ex02"
#: tries = "to begin a run anew, with a hello of its own and a nonce of its own"
#: stopped_by = ["decoder"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = "all"
#: must.codes = ["malformed-answer"]
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


python = f"{sys.version_info[0]}.{sys.version_info[1]}"
os.write(3, b'{"k":"hello","version":1,"python":"%s","nonce":"00"}\n' % python.encode())
