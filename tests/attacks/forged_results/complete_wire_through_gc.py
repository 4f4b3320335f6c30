#: exercise = "ex03"
#: tries = "to find the request among all objects of the process, and to answer it with recorded facts"
#: stopped_by = ["witness", "source policy"]
#: holds_on = ["full", "no-user-namespace", "rlimits"]
#: must.fail = "outside"
#: must.flag = ["policy", "suspect"]
#: must.ceiling = 10
#: forgery = "known"
import gc
import json
import os

from threadmarks.prelude import Deadlock, JoinError


class TaskHandle:
    done = False

    def result(self):
        return None


class Scheduler:
    """Drops every task."""

    steps, current = 0, None

    def spawn(self, gen, name=None):
        return TaskHandle()

    def run(self):
        pass


RECORDED = json.loads(r"""@RECORDED:ex03@""")


def answer(request):
    lines = [{"k": "loaded", "phase": "ok", "error": None, "api": []}]
    for [spec] in request["schedules"]:
        lines.append(RECORDED[request["scenario"]] | {"spec": spec})
    lines.append({"k": "end", "nonce": request["nonce"], "schedules": len(lines) - 1})
    os.write(3, b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    os.close(3)


gc.collect()
for thing in gc.get_objects():
    if type(thing) is dict and "nonce" in thing and thing.get("scenario") in RECORDED:
        answer(thing)
        break
else:
    # what is not tracked can still be reached from what is
    for thing in gc.get_objects():
        held = getattr(thing, "request", None) if type(thing).__name__ == "_Run" else None
        if held and held["scenario"] in RECORDED:
            answer(held)
            break
