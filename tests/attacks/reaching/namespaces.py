#: exercise = "ex00"
#: tries = "to enter new namespaces, in which it would be root: by unshare, by clone3, by setns"
#: stopped_by = ["seccomp"]
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
    if libc.unshare(0x08000000) == 0:  # ipc: harmless
        done("unshare of the ipc namespace")
    if libc.unshare(0x04000000) == 0:  # uts: harmless
        done("unshare of the uts namespace")
    if libc.unshare(0x10000000) == 0:  # refused in a process of several threads
        done("unshare of the user namespace")
    try:
        number = os.open("/proc/self/ns/uts", os.O_RDONLY)
    except OSError:
        return
    if libc.setns(number, 0) == 0:
        done("setns")
