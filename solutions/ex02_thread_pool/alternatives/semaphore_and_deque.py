"""ex02, another way: workers of a Thread subclass, a semaphore that counts what may be taken from a deque."""

import threading
from collections import deque

from threadmarks.prelude import PoolClosed


class _Worker(threading.Thread):
    def __init__(self, pool, name):
        super().__init__(name=name, daemon=True)
        self.pool = pool

    def run(self):
        while True:
            self.pool.available.acquire()
            try:
                job, args, kw = self.pool.jobs.popleft()
            except IndexError:  # a permit without a job behind it: the pool is closed
                return
            try:
                job(*args, **kw)
            except BaseException:
                self.pool.job_ended(panicked=True)
            else:
                self.pool.job_ended(panicked=False)


class ThreadPool:
    def __init__(self, size, name="worker"):
        if size <= 0:
            raise ValueError(size)
        self.size = size
        self.panics = 0
        self.jobs = deque()
        self.available = threading.Semaphore(0)
        self.lock = threading.Lock()
        self.pending = 0
        self.idle = threading.Event()
        self.idle.set()
        self.closed = False
        self.workers = [_Worker(self, name) for _ in range(size)]
        for worker in self.workers:
            worker.start()

    def job_ended(self, panicked):
        with self.lock:
            if panicked:
                self.panics += 1
            self.pending -= 1
            if self.pending == 0:
                self.idle.set()

    def execute(self, job, *args, **kw):
        with self.lock:
            if self.closed:
                raise PoolClosed("closed")
            self.pending += 1
            self.idle.clear()
            self.jobs.append((job, args, kw))
        self.available.release()

    def wait_idle(self, timeout=None):
        return self.idle.wait(timeout)

    def close(self):
        with self.lock:
            first, self.closed = not self.closed, True
        if first:
            self.available.release(self.size)
        for worker in self.workers:
            worker.join()

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc, traceback):
        self.close()
