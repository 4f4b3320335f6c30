#: exercise = "ex02"
#: tries = "to replace the process by /bin/true, which exits with 0; past the refusal of os.exec"
#: stopped_by = ["end marker", "seccomp"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = "all"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)

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


class _Arguments(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("end", ctypes.c_char_p)]


libc.execve(b"/bin/true", ctypes.byref(_Arguments(b"true", None)), None)
raise SystemExit(0)
