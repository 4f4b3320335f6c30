# /// wrong
# misconception = "The lock has to be held as long as a worker works"
# must_fail = [{ check = "overlap_exact", finding = "too-little-overlap" }]
# may_fail = ["submit_nonblocking", "survives_panic", "wait_idle", "refuses_after_close"]
# ///
import threading

from threadmarks.prelude import PoolClosed


class ThreadPool:
    def __init__(self, size, name="worker"):
        if size < 1:
            raise ValueError("size must be at least 1")
        self.size = size
        self.panics = 0
        self._jobs = []
        self._lock = threading.RLock()
        self._idle = threading.Condition(self._lock)
        self._unfinished = 0
        self._closed = False
        self._threads = []
        for number in range(size):
            thread = threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def _work(self):
        while True:
            with self._idle:
                while not self._jobs and not self._closed:
                    self._idle.wait()
                if not self._jobs:
                    return
                self._run(*self._jobs.pop(0))
                self._unfinished -= 1
                self._idle.notify_all()

    def _run(self, job, args, kw):
        try:
            job(*args, **kw)
        except BaseException:
            self.panics += 1

    def execute(self, job, *args, **kw):
        with self._lock:
            if self._closed:
                raise PoolClosed
            self._unfinished += 1
            self._jobs.append((job, args, kw))
            self._idle.notify_all()

    def wait_idle(self, timeout=None):
        with self._idle:
            return self._idle.wait_for(lambda: self._unfinished == 0, timeout)

    def close(self):
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._idle.notify_all()
        for thread in self._threads:
            thread.join()

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc, traceback):
        self.close()
