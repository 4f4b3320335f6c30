"""ex00, another way: one wrapper for all open censuses; the first one in hangs it up, the last one out takes it down."""

import threading
from collections import namedtuple

Ran = namedtuple("Ran", "value thread")

_open = []
_lock = threading.Lock()
_real_start = threading.Thread.start


def _noting_start(thread):
    with _lock:
        listeners = list(_open)
    for census in listeners:
        census.threads.append(thread)
    _real_start(thread)


def run_in_order(jobs):
    return [Ran(job(), threading.current_thread()) for job in jobs]


def distinct_threads(rans):
    return len(dict.fromkeys(ran.thread for ran in rans))


class ThreadCensus:
    def __enter__(self):
        self.threads = []
        self._at_exit = []
        with _lock:
            if not _open:
                threading.Thread.start = _noting_start
            _open.append(self)
        return self

    def __exit__(self, *what_happened):
        with _lock:
            _open.remove(self)
            if not _open:
                threading.Thread.start = _real_start
        self._at_exit = [thread for thread in self.threads if thread.is_alive()]

    @property
    def created(self):
        return len(self.threads)

    @property
    def leaked(self):
        return self._at_exit


def live_threads():
    return len(threading.enumerate())
