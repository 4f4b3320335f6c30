#: exercise = "ex00"
#: tries = "to raise its own limits again and to lower those of another process"
#: stopped_by = ["seccomp", "pid namespace", "limits"]
#: holds_on = ["full", "no-user-namespace"]
#: must.fail = ["not_idents"]
import resource

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


class Limit(ctypes.Structure):
    _fields_ = [("soft", ctypes.c_ulong), ("hard", ctypes.c_ulong)]


def live_threads():
    victim = int("@VICTIM@")
    if libc.prlimit(victim, resource.RLIMIT_NOFILE, ctypes.byref(Limit(64, 64)), None) == 0:
        done("limits of another process")
    for kind in (resource.RLIMIT_CPU, resource.RLIMIT_FSIZE, resource.RLIMIT_AS):
        soft, hard = resource.getrlimit(kind)
        if hard == resource.RLIM_INFINITY:
            done(f"there is no limit {kind}")
            continue
        try:
            resource.setrlimit(kind, (hard + 1, hard + 1))
            done(f"raised its own limit {kind}")
        except (OSError, ValueError):
            pass
