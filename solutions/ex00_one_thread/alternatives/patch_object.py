"""ex00, another way: `unittest.mock` does the wrapping, a loop with an explicit list does the running."""

import threading
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from unittest import mock

T = TypeVar("T")


@dataclass(frozen=True)
class Ran(Generic[T]):
    value: T
    thread: threading.Thread


def run_in_order(jobs):
    me = threading.current_thread()
    rans = []
    for job in jobs:
        rans.append(Ran(value=job(), thread=me))
    return rans


def distinct_threads(rans):
    seen: list[threading.Thread] = []
    for ran in rans:
        if not any(ran.thread is other for other in seen):
            seen.append(ran.thread)
    return len(seen)


class ThreadCensus:
    def __init__(self) -> None:
        self.created = 0
        self.leaked: list[threading.Thread] = []
        self._seen: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._patch: Any = None

    def __enter__(self):
        start = threading.Thread.start

        def counted(thread, *args, **kw):
            with self._lock:
                self._seen.append(thread)
                self.created += 1
            return start(thread, *args, **kw)

        self._patch = mock.patch.object(threading.Thread, "start", counted)
        self._patch.start()
        return self

    def __exit__(self, exc_type, exc, traceback):
        try:
            self.leaked.extend(thread for thread in self._seen if thread.is_alive())
        finally:
            self._patch.stop()
        return False


def live_threads():
    return sum(1 for thread in threading.enumerate() if thread.is_alive())
