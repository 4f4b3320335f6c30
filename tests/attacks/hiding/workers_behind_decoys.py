#: exercise = "ex02"
#: tries = "to hide the real workers behind decoys, without any reflection: each counted thread only starts another, from the library's own code, and that one counts as the check's; close joins the decoys and leaves the workers"
#: stopped_by = ["witness"]
#: holds_on = ["full", "no-user-namespace"]
#: must.fail = ["drain_close"]
#: must.ceiling = 18
import queue
import threading

from threadmarks.prelude import PoolClosed


class ThreadPool:
    def __init__(self, size, name="worker"):
        if size < 1:
            raise ValueError(size)
        self.size, self.panics, self._left, self._closed = size, 0, 0, False
        self._queue, self._idle = queue.SimpleQueue(), threading.Condition()
        self._hidden = [threading.Thread(target=self._work, daemon=True) for _ in range(size)]
        self._decoys = [threading.Thread(target=hidden.start, daemon=True) for hidden in self._hidden]
        for decoy in self._decoys:
            decoy.start()

    def _work(self):
        while True:
            job, args, kw = self._queue.get()
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
            self._closed = True
        self.wait_idle()
        for decoy in self._decoys:
            decoy.join()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
