#: exercise = "ex00"
#: tries = "to fill the disk: many files, each below the limit of a file, 300 MB at the most"
#: stopped_by = ["file system view", "landlock"]
#: holds_on = ["full", "no-user-namespace"]
#: needs_limits = true
#: must.fail = ["not_idents"]
#: limits = { wall_s = 10.0 }
import tempfile

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
    written, block = 0, bytes(4 << 20)
    for folder in (".", tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm"):
        for number in range(15):
            try:
                file = os.open(f"{folder}/@TOKEN@-{number}", os.O_WRONLY | os.O_CREAT, 0o600)
                written += os.write(file, block)
                os.close(file)
            except OSError:
                break
    if written > 128 << 20:
        done(f"wrote {written} bytes")
    for folder in ("/tmp", "/var/tmp", "/dev/shm"):
        for number in range(15):
            try:
                os.unlink(f"{folder}/@TOKEN@-{number}")
            except OSError:
                break
    return written
