#: exercise = "ex00"
#: slow = true
#: tries = "to spend 2**40 steps inside one call of the re module"
#: stopped_by = ["limits"]
#: holds_on = ["full", "no-user-namespace", "rlimits"]
#: must.fail = ["not_idents"]
#: must.codes = ["time-limit"]
#: limits = { cpu_s = 1, wall_s = 4.0 }
import re

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


def live_threads():
    return re.match(r"(a+)+$", "a" * 40 + "b") is None
