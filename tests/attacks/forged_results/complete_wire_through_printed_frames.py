#: exercise = "ex04"
#: tries = "to read the nonce out of the standard library's own printout of the callers' variables, without touching a frame"
#: stopped_by = ["witness", "source policy"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = "outside"
#: must.flag = ["policy", "suspect"]
#: must.ceiling = 10
#: forgery = "known"
import ast
import json
import traceback

from threadmarks.prelude import Deadlock, JoinError


class TaskHandle:
    done = False

    def result(self):
        return None


class TimerScheduler:
    """Drops every task."""

    steps, current = 0, None

    def __init__(self, clock):
        pass

    def spawn(self, gen, name=None):
        return TaskHandle()

    def run(self):
        pass


def sleep(seconds):
    return None


def interval(period):
    yield None


def timeout(seconds, gen):
    yield None


RECORDED = json.loads(r"""@RECORDED:ex04@""")


def answer(request):
    lines = [{"k": "loaded", "phase": "ok", "error": None, "api": []}]
    for [spec] in request["schedules"]:
        lines.append(RECORDED[request["scenario"]] | {"spec": spec})
    lines.append({"k": "end", "nonce": request["nonce"], "schedules": len(lines) - 1})
    with open(3, "wb", buffering=0) as wire:
        wire.write(b"".join(json.dumps(line).encode() + b"\n" for line in lines))


for row in traceback.StackSummary.extract(traceback.walk_stack(None), capture_locals=True):
    printed = (row.locals or {}).get("request", "")
    if printed.startswith("{'version'"):
        request = ast.literal_eval(printed)
        if request["scenario"] in RECORDED:
            answer(request)
        break
