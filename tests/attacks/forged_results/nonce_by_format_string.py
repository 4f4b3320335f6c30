#: exercise = "ex02"
#: tries = "to read the nonce with a format string, which walks attributes and items by itself, and to close the run before anything ran"
#: stopped_by = ["decoder", "source policy"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = "all"
#: must.codes = ["malformed-answer", "died"]
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
    raise ValueError
except ValueError as error:
    trace = error.__traceback__
nonce = "{0.tb_frame.f_back.f_locals[request][nonce]}".format(trace)
with open(3, "wb", buffering=0) as wire:
    wire.write(f'{{"k":"loaded","phase":"ok","error":null,"api":[]}}\n{{"k":"end","nonce":"{nonce}","schedules":0}}\n'.encode())
