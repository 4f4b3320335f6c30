#: exercise = "ex00"
#: tries = "to put memory where no limit of the process counts it: an anonymous file, 200 MB"
#: stopped_by = ["seccomp"]
#: holds_on = ["full", "no-user-namespace"]
#: needs_limits = true
#: must.fail = ["not_idents"]
#: limits = { wall_s = 6.0 }
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
    written = 0
    try:
        for number in range(40):
            file = os.memfd_create(f"@TOKEN@{number}")
            written += os.write(file, bytes(5 << 20))
    except OSError:
        pass
    if written > 128 << 20:
        done(f"{written} bytes of memory outside the limit")
    return written
