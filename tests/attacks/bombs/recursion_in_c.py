#: exercise = "ex00"
#: tries = "to run out of the C stack: recursion through C code with the interpreter's limit taken away"
#: stopped_by = ["end marker", "limits"]
#: holds_on = ["full", "no-user-namespace", "rlimits"]
#: needs_limits = true
#: must.fail = ["not_idents"]
#: limits = { cpu_s = 3, wall_s = 8.0, memory_bytes = 1073741824 }
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


class Deep:
    def __getattr__(self, name):
        return getattr(self, name + "x")

    def __lt__(self, other):
        return max(self, other)


def live_threads():
    sys.setrecursionlimit(2**31 - 1)
    return sorted([Deep(), Deep()])
