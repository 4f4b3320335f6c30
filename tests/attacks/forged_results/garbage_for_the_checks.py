#: exercise = "ex02"
#: tries = "to make checks ungraded instead of failed: a well-formed answer whose notes have values that no check expects (numbers for lists, lists of lists, nothing)"
#: stopped_by = ["decoder", "witness", "source policy"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = "all"
import json
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

ODD = [7, None, [[1], {"a": []}], {}, "x", 1e308, [None]]


def answer(request):
    lines = [{"k": "loaded", "phase": "ok", "error": None, "api": []}]
    names = "ran_on ran met submitter busy accepted panics closed answers during after new timed ended after_panic idle order sizes size got enter leave".split()
    for number, [spec] in enumerate(request["schedules"]):
        odd = ODD[(number + len(request["scenario"])) % len(ODD)]
        notes = [["note", [name, odd]] for name in names]
        marks = [["mark", [name, -5, [[99, -1, -1]]]] for name in ("imported", "constructed", "idle_begin", "idle_end", "busy_begin", "busy_end")]
        lines.append(
            {
                "k": "schedule", "spec": spec, "outcome": "completed", "virtual_ns": -1,
                "threads": [[0, "main", -1, "driver", 0, 0, -1, "", 1, 1]],
                "events": [[step + 1, 0, 77, kind, -3, data] for step, [kind, data] in enumerate(marks + notes)],
                "dropped_events": 0, "choices": "", "points": 3, "waits": [[5, "x", 1, 9, 2, 2]], "error": None,
                "value": None, "digest": "",
            }
        )
    lines.append({"k": "end", "nonce": request["nonce"], "schedules": len(lines) - 1})
    os.write(3, b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    os.close(3)


frame = sys._getframe()
while frame is not None:
    request = frame.f_locals.get("request")
    if type(request) is dict and request["scenario"]:
        answer(request)
        break
    frame = frame.f_back
