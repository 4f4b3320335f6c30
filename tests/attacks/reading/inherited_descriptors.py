#: exercise = "ex00"
#: tries = "to use descriptors that were left open: reads every one, and asks for messages on every socket"
#: stopped_by = ["scrubbed descriptors"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = ["not_idents"]
import fcntl

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
    for number in range(4, 4096):
        try:
            fcntl.fcntl(number, fcntl.F_GETFD)
        except OSError:
            continue
        done(f"descriptor {number} is open")
    try:
        if os.read(0, 1):
            done("standard input has something to say")
    except OSError:
        pass
    try:
        if os.read(3, 1):
            done("the wire can be read")
    except OSError:
        pass
