#: exercise = "ex02"
#: tries = "to run code when everything is over: finalizers of modules, of weak references, of thread-local values"
#: stopped_by = ["end marker"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = ["precreated", "reuse", "overlap_exact"]
#: must.ceiling = 4
import os
import sys
import threading
import weakref

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


class Late:
    write = os.write
    end = b'{"k":"end","nonce":"","schedules":1}\n'

    def __del__(self):
        Late.write(3, Late.end)


kept = Late()
sys.modules["late"] = Late()
local = threading.local()
local.late = Late()
weakref.finalize(ThreadPool, Late.__del__, kept)
