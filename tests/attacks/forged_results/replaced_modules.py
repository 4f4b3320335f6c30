#: exercise = "ex02"
#: tries = "to leave fake modules for the check's driver to import: a threading whose barriers open and whose gates let everybody through, a time that stands still"
#: stopped_by = ["witness", "source policy"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = ["precreated", "reuse"]
#: must.ceiling = 10
import sys
import threading
import types

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


class Fake:
    def __init__(self, *args, **kw):
        self._call = args[0] if args else None

    def __getattr__(self, name):
        return lambda *args, **kw: True

    def __call__(self, *args, **kw):
        return self


class Thread(threading.Thread):
    def start(self):
        self.run()

    def join(self, timeout=None):
        pass


fake = types.ModuleType("threading")
fake.__dict__.update(threading.__dict__)
fake.Thread, fake.Semaphore, fake.Event, fake.Barrier = Thread, Fake, Fake, Fake
fake_time = types.ModuleType("time")
fake_time.sleep = lambda seconds: None
sys.modules["threading"], sys.modules["time"] = fake, fake_time
