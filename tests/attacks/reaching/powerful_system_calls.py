#: exercise = "ex00"
#: tries = "to use the kernel's most powerful calls: bpf, perf_event_open, io_uring, userfaultfd, keyrings, kexec's relatives, fanotify, open_by_handle_at"
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
    buffer = ctypes.create_string_buffer(256)
    calls = {
        "bpf": (321, 0, buffer, 0x48),
        "perf_event_open": (298, buffer, 0, -1, -1, 0),
        "io_uring_setup": (425, 1, buffer),
        "userfaultfd": (323, 1),
        "keyctl": (250, 0, -3, 1),
        "add_key": (248, b"user", b"@TOKEN@", b"x", 1, -2),
        "fanotify_init": (300, 0, 0),
        "memfd_secret": (447, 0),
        "syslog": (103, 10, 0, 0),
        "quotactl": (179, 0, 0, 0, 0),
        "process_madvise": (440, -1, 0, 0, 0, 0),
        "landlock_create_ruleset": (444, buffer, 8, 0),
    }
    for name, (number, *arguments) in calls.items():
        ctypes.set_errno(0)
        result = libc.syscall(number, *arguments)
        if result >= 0:
            done(f"{name} answered {result}")
