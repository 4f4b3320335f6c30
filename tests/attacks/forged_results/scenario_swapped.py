#: exercise = "ex00"
#: tries = "to swap the compiled driver for one of its own, in the frame that is about to run it"
#: stopped_by = ["witness", "source policy"]
#: holds_on = ["full", "no-user-namespace", "rlimits"]
#: must.fail = ["zero_threads", "order"]
#: must.flag = ["policy", "suspect"]
#: must.ceiling = 10
#: forgery = "known"
import sys

import threading


class Ran:
    def __init__(self, value, thread):
        self.value, self.thread = value, thread


def run_in_order(jobs):
    return [Ran(job(), threading.current_thread()) for job in jobs]


def distinct_threads(rans):
    return len({id(ran.thread) for ran in rans})


def live_threads():
    return threading.active_count()


class ThreadCensus:
    def __enter__(self):
        self._kept, self._seen = threading.Thread.start, []

        def start(thread, kept=self._kept, seen=self._seen):
            kept(thread)
            seen.append(thread)

        threading.Thread.start = start
        return self

    def __exit__(self, *exc):
        threading.Thread.start = self._kept
        self.created = len(self._seen)
        self.leaked = [thread for thread in self._seen if thread.is_alive()]


def run_in_order(jobs):
    return []


DRIVER = """
def fifty_jobs(student, probe):
    probe.mark("before")
    probe.mark("after")
    draw = probe.random
    labels, values = draw.sample(range(1000), 50), draw.sample(range(1000), 50)
    values[draw.randrange(50)] = None
    probe.note("log", labels)
    probe.note("values", values)
"""
frame = sys._getframe()
while frame is not None:
    schedule = frame.f_locals.get("self")
    if hasattr(schedule, "driver") and schedule.run_.request["scenario"] == "fifty_jobs":
        schedule.driver = compile(DRIVER, "<driver>", "exec")
    frame = frame.f_back
