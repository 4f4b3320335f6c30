#: exercise = "ex00"
#: tries = "to change what Landlock does not watch: the mode, the times and the extended attributes of a file outside"
#: stopped_by = ["file system view", "seccomp"]
#: holds_on = ["full", "no-user-namespace"]
#: must.fail = ["not_idents"]
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
    ways = {
        "mode": lambda path: os.chmod(path, 0o777),
        "times": os.utime,
        "attributes": lambda path: os.setxattr(path, "user.threadmarks", b"x"),
        "owner": lambda path: os.chown(path, os.getuid(), os.getgid()),
    }
    for name, change in ways.items():
        try:
            change("@SECRET@")
            done(f"changed the {name} of a file outside")
        except OSError:
            pass
    return 0
