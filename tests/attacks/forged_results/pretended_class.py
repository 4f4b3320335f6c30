#: exercise = "ex00"
#: tries = "to pass off an object as the caller's thread: its __class__, its __eq__ and its __hash__ say so"
#: stopped_by = ["plain values"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = ["main_only"]
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


class Impostor:
    __class__ = property(lambda self: threading.Thread)
    __eq__ = lambda self, other: True
    __hash__ = lambda self: hash(threading.main_thread())
    ident = property(lambda self: threading.get_ident())
    name, daemon = "MainThread", False


def run_in_order(jobs):
    return [Ran(job(), Impostor()) for job in jobs]
