# /// wrong
# misconception = "When the block fails there is nothing left to clean up"
# must_fail = [{ check = "census_leak", finding = "census-not-removed" }]
# ///
import threading
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Ran(Generic[T]):
    value: T
    thread: threading.Thread


def run_in_order(jobs):
    rans = []
    for job in jobs:
        rans.append(Ran(job(), threading.current_thread()))
    return rans


def distinct_threads(rans):
    return len({ran.thread for ran in rans})


class ThreadCensus:
    def __enter__(self):
        self.created = 0
        self.leaked = []
        self._started = []
        self._original = original = threading.Thread.start

        def start(thread):
            original(thread)
            self._started.append(thread)

        threading.Thread.start = start
        return self

    def __exit__(self, exc_type, exc, traceback):
        self.created = len(self._started)
        if exc_type is not None:
            return False
        threading.Thread.start = self._original
        self.leaked = [thread for thread in self._started if thread.is_alive()]
        return False


def live_threads():
    return threading.active_count()
