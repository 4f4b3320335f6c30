#: exercise = "ex00"
#: tries = "to change priorities: another process's niceness and scheduling, its own above everybody's"
#: stopped_by = ["seccomp", "pid namespace"]
#: holds_on = ["full", "no-user-namespace"]
#: must.fail = ["not_idents"]
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
    victim = int("@VICTIM@")
    if libc.setpriority(0, victim, 7) == 0:
        done("niceness of another process")
    if libc.setpriority(0, 0, -5) == 0:
        done("its own niceness below zero")
        libc.setpriority(0, 0, 0)
    mask = ctypes.c_ulong(1)
    if libc.sched_setaffinity(victim, ctypes.sizeof(mask), ctypes.byref(mask)) == 0:
        done("cores of another process")
    priority = ctypes.c_int(1)
    if libc.sched_setscheduler(0, 2, ctypes.byref(priority)) == 0:
        done("real-time scheduling")
        libc.sched_setscheduler(0, 0, ctypes.byref(ctypes.c_int(0)))
