#: exercise = "ex00"
#: tries = "to make a process by every call that can: fork, clone with odd flags, clone3, and to become a program from a file without a name"
#: stopped_by = ["seccomp"]
#: holds_on = ["full", "no-user-namespace"]
#: must.fail = ["not_idents"]
import struct

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
    plain = struct.pack("QQQQQQQQ", 0, 0, 0, 0, 17, 0, 0, 0)
    ways = {
        "fork": (57,),
        "clone": (56, 17, 0, 0, 0, 0),
        "clone with flags in the upper half": (56, ctypes.c_ulong(17 | 1 << 40), 0, 0, 0, 0),
        "clone with a parent of another kind": (56, 0x8000 | 17, 0, 0, 0, 0),
        "clone3": (435, plain, len(plain)),
    }
    for name, arguments in ways.items():
        child = libc.syscall(*arguments)
        if child == 0:
            libc._exit(0)
        if child > 0:
            done(f"a process by {name}")
            libc.waitpid(child, None, 0)
    file = libc.syscall(319, b"program", 0)
    if file >= 0:
        done("a file without a name")
    return 0
