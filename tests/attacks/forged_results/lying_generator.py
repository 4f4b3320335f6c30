#: exercise = "ex00"
#: tries = "to give a list that shows something else each time it is looked at"
#: stopped_by = ["plain values", "checks"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = ["order", "main_only"]
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


class Fickle(list):
    looks = 0

    def __iter__(self):
        Fickle.looks += 1
        return iter([Ran(Fickle.looks, threading.main_thread())] * 50)

    def __len__(self):
        return 50


def run_in_order(jobs):
    for job in reversed(list(jobs)):
        job()
    return Fickle()
