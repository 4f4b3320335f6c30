# /// wrong
# misconception = "Every thread beside main that is alive after the block was left behind by it"
# must_fail = [{ check = "census_leak", finding = "leak-list-wrong" }]
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
        threading.Thread.start = self._original
        self.leaked = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
        return False


def live_threads():
    return threading.active_count()
