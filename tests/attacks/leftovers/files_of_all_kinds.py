#: exercise = "ex00"
#: tries = "to leave files that are hard to remove: folders without rights, a tree a thousand deep, links, sockets, queues, odd names"
#: stopped_by = ["file system view", "clean-up"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = ["not_idents"]
import os

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
    for name in ("line\nbreak", " ", "-rf", "*", "ü\udcff", "x" * 255):
        with open(name, "w") as file:
            file.write("x")
    os.symlink("/", "root")
    os.symlink("loop", "loop")
    for make in (lambda: os.mkfifo("queue"), lambda: os.link(" ", "second")):
        try:
            make()
        except OSError:
            pass
    os.mkdir("closed")
    with open("closed/file", "w"):
        pass
    try:
        os.chmod("closed", 0)
    except OSError:
        pass
    for _ in range(1000):
        os.mkdir("d")
        os.chdir("d")
    return 0
