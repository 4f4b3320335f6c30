"""ex05, another way: an Event says that there is an outcome, the outcome is a function that returns or raises."""

import queue
import threading
import time

from threadmarks.prelude import Cancelled, JoinError, PoolClosed


class JobHandle:
    def __init__(self, call):
        self.call = call
        self.ended = threading.Event()
        self.lock = threading.Lock()
        self.taken = False  # by a worker, or by cancel
        self.outcome = None
        self.error = None
        self.observed = False
        self.callbacks = []

    def take(self):
        with self.lock:
            was, self.taken = self.taken, True
        return not was

    def settle(self, outcome, error=None):
        with self.lock:
            self.outcome, self.error = outcome, error
            self.ended.set()
            todo = self.callbacks
            self.callbacks = None
        for fn in todo:
            self._tell(fn)

    def _tell(self, fn):
        try:
            fn(self)
        except BaseException:
            pass

    def _await(self, timeout):
        self.observed = True
        if not self.ended.wait(timeout):
            raise TimeoutError
        return self.outcome

    def result(self, timeout=None):
        return self._await(timeout)()

    def exception(self, timeout=None):
        outcome = self._await(timeout)
        if self.error is None:
            outcome()
        return self.error

    def done(self):
        return self.ended.is_set()

    def cancel(self):
        if not self.take():
            return False

        def cancelled():
            raise Cancelled

        self.settle(cancelled)
        return True

    def add_done_callback(self, fn):
        with self.lock:
            if self.callbacks is not None:
                self.callbacks.append(fn)
                return
        self._tell(fn)


class Pool:
    def __init__(self, size, name="worker"):
        if size <= 0:
            raise ValueError(size)
        self.size = size
        self.panics = 0
        self.unobserved = []
        self._panicked = []
        self._jobs = queue.Queue()
        self._lock = threading.Lock()
        self._open = True
        self._threads = [threading.Thread(target=self._worker, name=f"{name} {n}", daemon=True) for n in range(size)]
        for thread in self._threads:
            thread.start()

    def _worker(self):
        while True:
            handle = self._jobs.get()
            try:
                if handle is None:
                    return
                if handle.take():
                    self._run(handle)
            finally:
                self._jobs.task_done()

    def _run(self, handle):
        try:
            value = handle.call()
        except BaseException as e:
            error = e  # `e` is gone after the block

            def panicked():
                raise JoinError(error)

            with self._lock:
                self.panics += 1
                self._panicked.append(handle)
            handle.settle(panicked, error)
        else:
            handle.settle(lambda: value)

    def _put(self, handle):
        with self._lock:
            if not self._open:
                raise PoolClosed
            self._jobs.put(handle)
        return handle

    def submit(self, f, *args, **kw):
        return self._put(JobHandle(lambda: f(*args, **kw)))

    def execute(self, job, *args, **kw):
        handle = JobHandle(lambda: job(*args, **kw))
        handle.observed = True
        self._put(handle)

    def map(self, f, xs, timeout=None):
        end = time.monotonic() + timeout if timeout is not None else None
        handles = []
        for x in xs:
            handles.append(self.submit(f, x))
        values = []
        for handle in handles:
            left = None if end is None else max(0.0, end - time.monotonic())
            values.append(handle.result(left))
        return values

    def wait_idle(self, timeout=None):
        jobs = self._jobs
        with jobs.all_tasks_done:
            return jobs.all_tasks_done.wait_for(lambda: jobs.unfinished_tasks == 0, timeout)

    def close(self, cancel_pending=False):
        cancelled = []
        with self._lock:
            if self._open:
                self._open = False
                if cancel_pending:
                    try:
                        while True:
                            cancelled.append(self._jobs.get_nowait())
                            self._jobs.task_done()
                    except queue.Empty:
                        pass
                for _ in self._threads:
                    self._jobs.put(None)
        for handle in cancelled:
            handle.cancel()
        for thread in self._threads:
            thread.join()
        self.unobserved = [handle.error for handle in self._panicked if not handle.observed]

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
