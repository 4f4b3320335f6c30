#: exercise = "ex00"
#: tries = "to mount a file system on a folder of its own, to change the root, to unmount the view"
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
    os.makedirs("@TOKEN@", exist_ok=True)
    if libc.mount(b"none", b"@TOKEN@", b"tmpfs", 0, None) == 0:
        done("mounted")
        libc.umount2(b"@TOKEN@", 2)
    if libc.syscall(430, b"tmpfs", 0) >= 0:
        done("fsopen")
    if libc.syscall(428, -100, b".", 1) >= 0:
        done("open_tree")
    child = "@TOKEN@"
    if libc.chroot(child.encode()) == 0:
        done("chroot")
