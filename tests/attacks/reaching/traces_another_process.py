#: exercise = "ex00"
#: tries = "to attach to a process as a debugger: ptrace, seize, process_vm_writev, kcmp, pidfd_getfd"
#: stopped_by = ["pid namespace", "seccomp"]
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
    if libc.ptrace(0x4206, victim, None, None) == 0:  # PTRACE_SEIZE: does not stop it
        done("seized")
        libc.ptrace(17, victim, None, None)
    number = libc.syscall(434, victim, 0)
    if number >= 0 and libc.syscall(438, number, 0, 0) >= 0:
        done("took a descriptor of another process")
    if libc.syscall(312, victim, victim, 0, 0, 0) >= 0:
        done("kcmp")
