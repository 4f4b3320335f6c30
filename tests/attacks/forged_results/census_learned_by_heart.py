#: exercise = "ex00"
#: tries = "nothing by force: a census that counts nothing and says what the checks are known to want"
#: stopped_by = ["drawn inputs"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = ["census_counts"]
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


class ThreadCensus:
    _depth = 0

    def __enter__(self):
        ThreadCensus._depth += 1
        self._deep, self._before = ThreadCensus._depth > 1, set(threading.enumerate())
        return self

    def __exit__(self, *exc):
        ThreadCensus._depth -= 1
        self.created = 2 if self._deep else 4
        self.leaked = [thread for thread in threading.enumerate() if thread not in self._before]
