#: exercise = "ex00"
#: tries = "to find the probe among all objects and make it note what is wanted instead of what is"
#: stopped_by = ["source policy"]
#: holds_on = ["full", "no-user-namespace", "rlimits"]
#: must.fail = "outside"
#: must.flag = ["policy", "suspect"]
#: must.ceiling = 10
#: forgery = "known"
import gc

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

WANTED = {
    "created": 4,
    "leaked": 0,
    "log": list(range(50)),
    "values": [None if number == 7 else number * 10 for number in range(50)],
}


def run_in_order(jobs):
    for thing in gc.get_objects():
        if type(thing).__name__ == "Probe":
            note = type(thing).note
            type(thing).note = lambda self, name, value=None: note(self, name, WANTED.get(name, value))
            break
    return [Ran(None, threading.main_thread()) for _ in jobs]


class ThreadCensus:
    created, leaked = 0, ()

    def __enter__(self):
        run_in_order([])

    def __exit__(self, *exc):
        return None
