#: exercise = "ex00"
#: tries = "to deadlock two threads that the engine does not know, with the main thread waiting for both"
#: stopped_by = ["watchdog", "limits"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = ["not_idents"]
#: must.codes = ["uncontrolled-call", "time-limit"]
#: limits = { wall_s = 3.0, stuck_s = 0.5 }
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


def live_threads():
    real = sys.modules["threadmarks.runner.originals"]
    first, second, end = (real.allocate_lock() for _ in range(3))
    end.acquire()

    def work(mine, other):
        mine.acquire()
        real.sleep(0.05)
        other.acquire()
        end.release()

    real.start_new_thread(work, (first, second))
    real.start_new_thread(work, (second, first))
    end.acquire()
