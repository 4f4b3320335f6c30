#: exercise = "ex02"
#: tries = "to write a forged end from a sub-interpreter, in which no audit hook of Python's runs"
#: stopped_by = ["decoder"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = "all"
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


try:
    import _xxsubinterpreters as interpreters
except ImportError:
    import _interpreters as interpreters

code = """
import os
os.write(3, b'{"k":"loaded","phase":"ok","error":null,"api":[]}\\n')
os.write(3, b'{"k":"end","nonce":"' + b"0" * 16 + b'","schedules":0}\\n')
os._exit(0)
"""
run = getattr(interpreters, "run_string", None) or interpreters.exec
run(interpreters.create(), code)
os_exit = None
raise SystemExit(0)
