#: exercise = "ex00"
#: tries = "to stop the watchdog's timer, and then to wait for a byte that never comes"
#: stopped_by = ["limits"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = ["not_idents"]
#: must.codes = ["time-limit", "uncontrolled-call"]
#: limits = { wall_s = 1.5, stuck_s = 0.5 }
import os
import signal

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
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    reader, _writer = os.pipe()
    os.read(reader, 1)
