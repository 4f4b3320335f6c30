#: exercise = "ex02"
#: tries = "to make the judge itself fall over: deep nesting, lone surrogates, escape sequences, numbers of a thousand digits, a million threads"
#: stopped_by = ["decoder", "output cap"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
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

POISON = [
    '{"k":"loaded","phase":"import","error":{"type":"\\ud800","message":"\\u001b[2J\\u202e","frames":[],"thread":0},"policy":[],"api":[]}',
    '{"k":"loaded","phase":"ok","error":null,"policy":[["' + "x" * 100_000 + '",-7]],"api":[["missing","\\udfff","","",99999999]]}',
    "[" * 200_000,
    '{"k":"schedule","spec":' + "9" * 5000 + "}",
    '{"k":"stuck","line":-1,"function":"\\u0000\\u001b]0;x\\u0007"}',
    '{"k":"loaded","phase":"ok","error":null,"policy":[],"api":[' + ",".join(['["missing","x","","",1]'] * 100_000) + "]}",
]


def throw(request):
    text = POISON[len(request["scenario"]) % len(POISON)]
    data = (text + "\n").encode()
    while data:
        data = data[os.write(3, data) :]
    os.write(3, b'{"k":"end","nonce":"%s","schedules":0}\n' % request["nonce"].encode())
    os.close(3)
    raise SystemExit(0)


frame = sys._getframe()
while frame is not None:
    if type(frame.f_locals.get("request")) is dict:
        throw(frame.f_locals["request"])
    frame = frame.f_back
