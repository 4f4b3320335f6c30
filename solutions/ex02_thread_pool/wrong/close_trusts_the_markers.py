# /// wrong
# misconception = "A worker that has its stop marker is as good as gone"
# must_fail = [{ check = "drain_close", finding = "workers-alive" }]
# ///
import queue
import threading

from threadmarks.prelude import PoolClosed

_STOP = object()


class ThreadPool:
    def __init__(self, size, name="worker"):
        if size < 1:
            raise ValueError("size must be at least 1")
        self.size = size
        self.panics = 0
        self._queue = queue.Queue()
        self._lock = threading.Lock()
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
            item = self._queue.get()
            if item is _STOP:
                return
            self._run(*item)

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

    def execute(self, job, *args, **kw):
        with self._lock:
            if self._closed:
                raise PoolClosed
            self._unfinished += 1
            self._queue.put((job, args, kw))

    def wait_idle(self, timeout=None):
        with self._idle:
            return self._idle.wait_for(lambda: self._unfinished == 0, timeout)

    def close(self):
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for _ in range(self.size):
                self._queue.put(_STOP)
        self.wait_idle()

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc, traceback):
        self.close()
