#: exercise = "ex00"
#: tries = "to fork two hundred processes that sleep, past the refusal of os.fork"
#: stopped_by = ["seccomp", "pid namespace"]
#: holds_on = ["full", "no-user-namespace"]
#: needs_limits = true
#: must.fail = ["not_idents"]
#: limits = { wall_s = 5.0 }
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
import os


def done(what):
    """Own up to what succeeded: the harness looks for this in everything that leaves the process."""
    os.write(1, f"@DONE@ {what}\n".encode())

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
    started = 0
    for _ in range(200):
        child = libc.fork()
        if child == 0:
            libc.sleep(1000)
            libc._exit(0)
        started += child > 0
    if started:
        done(f"forked {started} processes")
    return started
