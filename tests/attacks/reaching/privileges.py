#: exercise = "ex00"
#: tries = "to become somebody: setuid, capabilities, ambient rights, to turn no_new_privs off, a new personality"
#: stopped_by = ["seccomp", "no new privileges"]
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


class Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


def live_threads():
    header, data = Header(0x20080522, 0), (ctypes.c_uint32 * 6)()
    if libc.capget(ctypes.byref(header), data) == 0 and (data[0] or data[3]):
        done(f"effective capabilities {data[0]:x} {data[3]:x}")
    if libc.prctl(39, 0, 0, 0, 0) == 0:
        done("new privileges are possible")
    if libc.prctl(47, 2, 21, 0, 0) == 0:
        done("an ambient capability")
