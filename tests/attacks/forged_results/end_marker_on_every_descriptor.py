#: exercise = "ex02"
#: tries = "to write an end marker with a guessed nonce to every descriptor there is, and to leave"
#: stopped_by = ["decoder", "end marker"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = "all"
#: must.codes = ["malformed-answer", "died"]
import os

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


lines = b'\n{"k":"loaded","phase":"ok","error":null,"api":[]}\n{"k":"end","nonce":"0123456789abcdef","schedules":0}\n'
for descriptor in range(256):
    try:
        os.write(descriptor, lines)
    except OSError:
        pass
os._exit(0)
