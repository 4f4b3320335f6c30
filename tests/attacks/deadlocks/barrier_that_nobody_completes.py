#: exercise = "ex02"
#: tries = "nothing evil: workers wait at a barrier for one more than there are"
#: stopped_by = ["scheduler"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = ["reuse", "overlap_exact", "drain_close"]
import queue
import threading

from threadmarks.prelude import PoolClosed


class ThreadPool:
    def __init__(self, size, name="worker"):
        if size < 1:
            raise ValueError(size)
        self.size, self.panics = size, 0
        self._queue, self._barrier = queue.Queue(), threading.Barrier(size + 1)
        self._workers = [threading.Thread(target=self._work, daemon=True) for _ in range(size)]
        for worker in self._workers:
            worker.start()

    def _work(self):
        while True:
            self._barrier.wait()
            self._queue.get()()

    def execute(self, job, *args, **kw):
        self._queue.put(lambda: job(*args, **kw))

    def wait_idle(self, timeout=None):
        return False

    def close(self):
        for worker in self._workers:
            worker.join()
        raise PoolClosed

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
