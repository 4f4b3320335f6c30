"""ex02, another way: `queue.Queue` counts the unfinished jobs itself; a job is a small data class."""

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from threadmarks.prelude import PoolClosed


@dataclass
class Call:
    job: Callable[..., object]
    args: tuple[Any, ...] = ()
    kw: dict[str, Any] = field(default_factory=dict)
    last: bool = False

    def run(self):
        self.job(*self.args, **self.kw)


class ThreadPool:
    def __init__(self, size, name="worker"):
        if size < 1:
            raise ValueError("at least one worker")
        self.size = size
        self._panicked = []
        self._calls = queue.Queue()
        self._gate = threading.Lock()
        self._closed = threading.Event()
        self._threads = tuple(threading.Thread(target=self._serve, name=name, daemon=False) for _ in range(size))
        for thread in self._threads:
            thread.start()

    @property
    def panics(self):
        return len(self._panicked)

    def _serve(self):
        for call in iter(self._calls.get, None):
            try:
                if call.last:
                    return
                call.run()
            except BaseException as panic:
                self._panicked.append(panic)
            finally:
                self._calls.task_done()

    def execute(self, job, *args, **kw):
        with self._gate:
            if self._closed.is_set():
                raise PoolClosed
            self._calls.put(Call(job, args, kw))

    def wait_idle(self, timeout=None):
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._calls.all_tasks_done:
            while self._calls.unfinished_tasks:
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return False
                self._calls.all_tasks_done.wait(left)
        return True

    def close(self):
        with self._gate:
            if not self._closed.is_set():
                self._closed.set()
                for _ in range(self.size):
                    self._calls.put(Call(print, last=True))
        for thread in self._threads:
            thread.join()

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc, traceback):
        self.close()
