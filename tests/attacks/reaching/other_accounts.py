#: exercise = "ex00"
#: tries = "to become another user: every call that changes who one is"
#: stopped_by = ["seccomp", "no new privileges"]
#: holds_on = ["full"]
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
    for name, number, *arguments in (
        ("setresuid", 117, 0, 0, 0),
        ("setresgid", 119, 0, 0, 0),
        ("setgroups", 116, 0, None),
        ("setfsuid", 122, 0),
    ):
        before = os.getresuid()
        result = libc.syscall(number, *arguments)
        if os.getresuid() != before or (result == 0 and name != "setfsuid"):
            done(name)
    if os.geteuid() == 0:
        done("it is root")
    return 0
