"""ex02, reference solution: one queue, N loops, and one lock for everything that is counted."""

import threading
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

from threadmarks.prelude import Job, PoolClosed

_Call = tuple[Job, tuple[Any, ...], dict[str, Any]]


class ThreadPool:
    """A fixed number of worker threads, started once, that run every job."""

    def __init__(self, size: int, name: str = "worker") -> None:
        if size < 1:
            raise ValueError(f"a pool needs at least one worker, not {size}")
        self.size = size
        self.panics = 0
        # Guards `panics` and the two fields below; the condition tells when the last accepted job has ended.
        self._idle = threading.Condition()
        self._unfinished = 0  # accepted and not yet ended: waiting in the queue, or running
        self._closed = False
        # None is the marker that sends one worker home.
        self._queue: SimpleQueue[_Call | None] = SimpleQueue()
        self._workers = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True) for number in range(size)
        ]
        for worker in self._workers:
            worker.start()

    def _work(self) -> None:
        """What each worker does all its life. `get` sleeps in the operating system: an idle worker costs nothing."""
        while (call := self._queue.get()) is not None:
            job, args, kw = call
            panicked = False
            try:
                job(*args, **kw)  # no lock is held here: the others go on
            except BaseException:  # SystemExit too: it ends a job, never the worker
                panicked = True
            with self._idle:
                self.panics += panicked
                self._unfinished -= 1
                if self._unfinished == 0:
                    self._idle.notify_all()

    def execute(self, job: Job, *args: Any, **kw: Any) -> None:
        """Have a worker call `job(*args, **kw)`. Never waits: the queue has no bound."""
        with self._idle:  # one step with the look at the flag: nothing gets behind the markers
            if self._closed:
                raise PoolClosed("the pool takes no more jobs")
            self._unfinished += 1
            self._queue.put((job, args, kw))

    def wait_idle(self, timeout: float | None = None) -> bool:
        """Wait until every accepted job has ended."""
        with self._idle:
            return self._idle.wait_for(lambda: self._unfinished == 0, timeout)

    def close(self) -> None:
        """Refuse new jobs, run those that were accepted, and wait until the workers have ended."""
        with self._idle:
            if not self._closed:
                self._closed = True
                for _ in self._workers:
                    self._queue.put(None)  # one each, behind all the jobs
        for worker in self._workers:  # without the lock: the workers need it to finish
            worker.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
