#: exercise = "ex02"
#: tries = "a thread more than the pool's workers, started from the library's own code by the first worker, so that it counts as the check's"
#: stopped_by = ["witness"]
#: holds_on = ["full", "no-user-namespace"]
#: must.fail = ["precreated"]
#: must.ceiling = 18
import queue
import threading

from threadmarks.prelude import PoolClosed


class Starter(queue.SimpleQueue):
    """A queue whose first item was a thread to start."""


class ThreadPool:
    def __init__(self, size, name="worker"):
        if size < 1:
            raise ValueError(size)
        self.size, self.panics, self._left, self._closed = size, 0, 0, False
        self._incoming, self._queue, self._idle = queue.SimpleQueue(), queue.SimpleQueue(), threading.Condition()
        dispatcher = threading.Thread(target=self._dispatch, daemon=True)
        first = threading.Thread(target=threading.Timer.run, args=(threading.Timer(0, dispatcher.start),), daemon=True)
        workers = [threading.Thread(target=self._work, daemon=True) for _ in range(size - 1)]
        last = threading.Thread(target=self._work, daemon=True)
        self._workers = [*workers, dispatcher]
        for thread in (first, *workers):
            thread.start()
        self._late = last

    def _dispatch(self):
        worker = threading.Thread(target=self._work, daemon=True)
        hand = threading.Thread(target=worker.start, daemon=True)
        self._workers.append(worker)
        threading.Timer(0, hand.start).run()
        while (call := self._incoming.get()) is not None:
            self._queue.put(call)
        for _ in range(self.size):
            self._queue.put(None)

    def _work(self):
        while (call := self._queue.get()) is not None:
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
            self._incoming.put((job, args, kw))

    def wait_idle(self, timeout=None):
        with self._idle:
            return self._idle.wait_for(lambda: self._left == 0, timeout)

    def close(self):
        with self._idle:
            if not self._closed:
                self._closed = True
                self._incoming.put(None)
        self.wait_idle()
        for worker in self._workers:
            worker.join()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
