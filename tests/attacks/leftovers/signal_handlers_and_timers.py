#: exercise = "ex02"
#: tries = "to leave timers and signal handlers that go off later, in whoever runs then"
#: stopped_by = ["fresh process"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: limits = { wall_s = 4.0 }
#: must.fail = ["precreated", "reuse", "overlap_exact"]
#: must.ceiling = 4
import faulthandler
import signal

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
        self.size, self.panics, self._closed = size, 0, False
        signal.signal(signal.SIGPROF, signal.SIG_IGN)
        signal.setitimer(signal.ITIMER_PROF, 0.01, 0.01)
        signal.setitimer(signal.ITIMER_VIRTUAL, 5)
        faulthandler.dump_traceback_later(30, repeat=True, file=open("later", "w"))
