#: exercise = "ex02"
#: tries = "to run code when everything is over: exit handlers of Python, of the threads and of the C library"
#: stopped_by = ["end marker"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = "outside"
#: must.ceiling = 3
import atexit
import ctypes
import os
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


def late(*_):
    os.write(1, b"@DONE@ an exit handler ran\n")
    os.write(3, b'{"k":"end","nonce":"","schedules":1}\n')


callback = ctypes.CFUNCTYPE(None)(late)
atexit.register(late)
threading._register_atexit(late)
ctypes.CDLL(None).atexit(callback)
