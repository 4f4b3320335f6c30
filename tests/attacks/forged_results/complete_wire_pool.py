#: exercise = "ex02"
#: tries = "to answer for the engine: takes the request from a caller's frame, writes a whole well-formed answer with a perfect trace for every scenario, and leaves before the engine says a word"
#: stopped_by = ["witness", "source policy"]
#: holds_on = ["full", "no-user-namespace", "rlimits"]
#: must.fail = "outside"
#: must.flag = ["policy", "suspect"]
#: must.ceiling = 10
#: forgery = "known"
import json
import os
import random
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


def facts(scenario, seed):
    """Marks and notes as a perfect pool would leave them, and how many threads it would have started."""
    note = lambda name, value=None: ("note", [name, value])
    mark = lambda name, started: ("mark", [name, started, [[serial, 1, 0] for serial in range(started + 1)]])
    draw = random.Random(f"inputs {seed}")
    panics = 4 + draw.randrange(10) if scenario == "panics_then_a_barrier" else 4
    order = draw.sample(range(1000), 10) if scenario == "ten_jobs_for_one_worker" else []
    size, below, first, second, scale = (draw.randrange(2, 9) for _ in range(5))
    enter, leave = [note("enter")] * 3, [note("leave")] * 3
    pools = [note(f"{way}_{name}") for way in ("enter", "leave") for name in ("first", "second") for _ in range(2)]
    return {
        "two_hundred_jobs": (4, [mark("imported", 0), mark("constructed", 4), note("ran_on", [1, 2, 3, 4] * 50)]),
        "one_job_after_another": (1, [note("ran", 3)]),
        "gated_jobs": (3, (enter + leave) * 3 + [note("ran", 9)]),
        "jobs_meet_at_a_barrier": (3, [note("met", 3)]),
        "thousand_jobs_for_busy_workers": (2, [note("submitter", 3), note("busy", 2), note("accepted", 1000)]),
        "panics_then_a_barrier": (3, [note("panics", panics), note("met", 3)]),
        "four_panics_in_pairs": (2, [note("panics", {"counted": 4, "raised": 4})]),
        "idle_and_half_busy": (
            3,
            [fact for name in ("idle", "busy") for fact in (note(name), mark(f"{name}_begin", 3), mark(f"{name}_end", 3))],
        ),
        "close_with_fifty_queued": (3, [note("ran", 50)]),
        "close_an_idle_pool": (2, [note("closed"), note("closed")]),
        "close_right_away": (2, [note("ran", 3)]),
        "execute_during_and_after_close": (2, [note("during", "PoolClosed"), note("job_ended"), note("after", "PoolClosed")]),
        "execute_against_close": (2, [note("answers", ["accepted", "accepted"]), note("ran", 2)]),
        "two_pools_at_a_gate": (4, pools * 2 + [note("ran", 8), note("ran_on", {"first": [1, 2], "second": [3, 4]})]),
        "job_that_submits_a_job": (1, [note("ran", 1)]),
        "ten_jobs_for_one_worker": (1, [note("order", order)]),
        "wait_for_idle": (
            2,
            [
                note("new", True),
                note("timed", {"answer": False, "waited": 0.5}),
                note("ended", {"answer": True, "jobs": 1}),
                note("after_panic", True),
            ],
        ),
        "wait_for_two_quick_jobs": (2, [note("idle", {"answer": True, "jobs": 2})]),
        "wait_for_two_jobs_that_meet": (2, [note("idle", {"answer": True, "jobs": 2})]),
        "small_print": (
            2,
            [note("sizes", ["ValueError"] * 2), note("size", size), note("got", [{"args": [[first, second], "three"], "kw": {"scale": scale}}])],
        ),
    }.get(scenario, (0, []))


def trace(scenario, spec, seed):
    threads, told = facts(scenario, seed)
    rows = [["main", -1, "driver", -1]] + [[f"worker-{n}", 0, "student", 10**10] for n in range(threads)]
    return {
        "k": "schedule",
        "spec": spec,
        "outcome": "completed",
        "virtual_ns": 10**10,
        "threads": [
            [serial, name, parent, origin, 20, 0, ended, "", 1, 1]
            for serial, (name, parent, origin, ended) in enumerate(rows)
        ],
        "events": [[step + 1, 0, 0, kind, 0, data] for step, (kind, data) in enumerate(told)],
        "dropped_events": 1,
        "choices": "",
        "points": 40,
        "waits": [],
        "error": None,
        "value": None,
        "digest": "0" * 24,
    }


def answer(request):
    if not request["scenario"]:
        return
    specs = [spec[0] for spec in request["schedules"]]
    lines = [{"k": "loaded", "phase": "ok", "error": None, "api": []}]
    lines += [trace(request["scenario"], spec, request["input_seed"]) for spec in specs]
    lines += [{"k": "end", "nonce": request["nonce"], "schedules": len(specs)}]
    data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    while data:
        data = data[os.write(3, data) :]
    sys.modules["threadmarks.runner.originals"].exit_process(0)


frame = sys._getframe()
while frame is not None:
    if type(frame.f_locals.get("request")) is dict:
        answer(frame.f_locals["request"])
    frame = frame.f_back
