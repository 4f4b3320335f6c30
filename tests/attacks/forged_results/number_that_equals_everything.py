#: exercise = "ex00"
#: tries = "to give numbers that are equal to whatever they are compared with: subclasses of int with a lying __eq__"
#: stopped_by = ["plain values"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = ["order", "census_counts", "not_idents"]
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


class Any(int):
    def __eq__(self, other):
        return True

    __ne__ = lambda self, other: False
    __lt__ = __gt__ = __le__ = __ge__ = __eq__
    __hash__ = int.__hash__


def run_in_order(jobs):
    for job in jobs:
        job()
    return [Ran(Any(), threading.current_thread()) for _ in jobs]


def distinct_threads(rans):
    return Any()


def live_threads():
    return Any()


class ThreadCensus:
    created, leaked = Any(7), ()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return None
