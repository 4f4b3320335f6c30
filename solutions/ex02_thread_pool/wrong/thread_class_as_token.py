# /// wrong
# misconception = "A pool is a limit on how many threads there are at once"
# must_fail = [
#   { check = "precreated", finding = "thread-per-job" },
#   { check = "reuse", finding = "workers-not-reused" },
#   { check = "submit_nonblocking", finding = "execute-blocks" },
# ]
# may_fail = ["two_pools"]
# ///
import queue
import threading

from threadmarks.prelude import PoolClosed


class ThreadPool:
    def __init__(self, size, name="worker"):
        if size < 1:
            raise ValueError("size must be at least 1")
        self.size = size
        self.panics = 0
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._unfinished = 0
        self._closed = False
        self._threads = []
        self._tokens = queue.Queue()
        for _ in range(size):
            self._tokens.put(threading.Thread)

    def _run(self, job, args, kw):
        panicked = False
        try:
            job(*args, **kw)
        except BaseException:
            panicked = True
        with self._lock:
            if panicked:
                self.panics += 1
            self._unfinished -= 1
            self._idle.notify_all()
        self._tokens.put(threading.Thread)

    def execute(self, job, *args, **kw):
        with self._lock:
            if self._closed:
                raise PoolClosed
            self._unfinished += 1
        make_thread = self._tokens.get()
        thread = make_thread(target=self._run, args=(job, args, kw), daemon=True)
        thread.start()
        self._threads.append(thread)

    def wait_idle(self, timeout=None):
        with self._idle:
            return self._idle.wait_for(lambda: self._unfinished == 0, timeout)

    def close(self):
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self.wait_idle()
        for thread in self._threads:
            thread.join()

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc, traceback):
        self.close()
