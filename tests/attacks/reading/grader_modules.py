#: exercise = "ex00"
#: tries = "to import the checks, the judge and the wire, by name, by path and from what is loaded already"
#: stopped_by = ["scrubbed modules", "file system view"]
#: holds_on = ["full", "no-user-namespace"]
#: must.fail = ["not_idents"]
import importlib
import importlib.util
import sys

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
    sys.path[:0] = ["@ROOT@", "@ROOT@/graders/ex00_one_thread"]
    for package in ("threadmarks", "threadmarks.runner"):
        sys.modules[package].__path__ = ["@ROOT@/" + package.replace(".", "/")]
    for name in ("threadmarks.wire", "threadmarks.judge.scoring", "threadmarks.grading", "test_one_thread", "threadmarks.catalog"):
        if name in sys.modules:
            done(f"{name} was loaded already")
        try:
            importlib.import_module(name)
            done(f"imported {name}")
        except (ImportError, OSError):
            pass
