#: exercise = "ex02"
#: tries = "an almost right pool whose workers ask for work all the time; it forges the one trace-only check that would see it: the counters of its threads are set back"
#: stopped_by = ["source policy", "witness"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = []
#: must.flag = ["policy", "suspect"]
#: must.ceiling = 10
#: forgery = "known"
import queue
import sys
import threading
import time

from threadmarks.prelude import PoolClosed


def innocent():
    baton = sys.modules["threadmarks.runner.baton"]
    baton.Scheduler._note_spin = lambda self, what: None
    for thread in baton.active.threads:
        thread.resumes = thread.points = 1


class ThreadPool:
    def __init__(self, size, name="worker"):
        if size < 1:
            raise ValueError(size)
        self.size, self.panics, self._left, self._closed = size, 0, 0, False
        self._queue, self._idle = queue.SimpleQueue(), threading.Condition()
        self._workers = [threading.Thread(target=self._work, daemon=True) for _ in range(size)]
        for worker in self._workers:
            worker.start()

    def _work(self):
        while True:
            try:
                call = self._queue.get_nowait()
            except queue.Empty:
                innocent()
                time.sleep(0.05)
                continue
            if call is None:
                return
            job, args, kw = call
            panicked = False
            try:
                job(*args, **kw)
            except BaseException:
                panicked = True
            with self._idle:
                self.panics += panicked
                self._left -= 1
                self._idle.notify_all()

    def execute(self, job, *args, **kw):
        with self._idle:
            if self._closed:
                raise PoolClosed("closed")
            self._left += 1
            self._queue.put((job, args, kw))

    def wait_idle(self, timeout=None):
        with self._idle:
            return self._idle.wait_for(lambda: self._left == 0, timeout)

    def close(self):
        with self._idle:
            if not self._closed:
                self._closed = True
                for _ in self._workers:
                    self._queue.put(None)
        for worker in self._workers:
            worker.join()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
