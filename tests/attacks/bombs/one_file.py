#: exercise = "ex00"
#: tries = "to write one file of a gigabyte"
#: stopped_by = ["limits"]
#: holds_on = ["full", "no-user-namespace", "rlimits"]
#: needs_limits = true
#: must.fail = ["not_idents"]
#: limits = { wall_s = 10.0 }
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
    file, written, block = os.open("@TOKEN@", os.O_WRONLY | os.O_CREAT, 0o600), 0, bytes(1 << 20)
    try:
        for _ in range(1024):
            written += os.write(file, block)
            if written > 64 << 20:
                done("a file of more than 64 MiB")
                break
    except OSError:
        pass
    return written
