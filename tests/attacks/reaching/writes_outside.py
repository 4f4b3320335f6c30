#: exercise = "ex00"
#: tries = "to leave files outside of its folder, and to change one that is there"
#: stopped_by = ["file system view", "landlock"]
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
    for folder in ("@FOLDER@", "/tmp", "/var/tmp", "/dev/shm", os.path.expanduser("~root"), "/", "../.."):
        path = os.path.join(folder, "@TOKEN@")
        try:
            with open(path, "x") as file:
                file.write("x")
            if folder not in ("/tmp", "/dev/shm", "../..", "/", "/var/tmp") or os.path.exists("@FOLDER@"):
                done(f"wrote {path}")
            os.unlink(path)
        except OSError:
            pass
    for change in (lambda path: os.truncate(path, 0), os.unlink, lambda path: os.rename(path, path + "-gone")):
        try:
            change("@SECRET@")
            done("changed a file outside")
        except OSError:
            pass
