import queue
import threading


class Pool:
    def __init__(self):
        self.jobs = queue.Queue()
        self.closed = False
        self.worker = threading.Thread(target=self._work)
        self.worker.start()

    def _work(self):
        while True:
            job = self.jobs.get()
            if job is None:
                return
            job()

    def submit(self, job):
        if self.closed:
            raise RuntimeError("the pool is closed")
        self.jobs.put(job)

    def close(self):
        self.closed = True
        self.jobs.put(None)
        self.worker.join()
