import threading
import time


class PollingLock:
    def __init__(self):
        self.inner = threading.Lock()

    def acquire(self):
        while not self.inner.acquire(blocking=False):
            time.sleep(0.001)

    def release(self):
        self.inner.release()


def work(lock, rounds, finished):
    """Hold the lock for a while, again and again."""
    for number in range(rounds):
        lock.acquire()
        time.sleep(0.001)
        lock.release()
        finished.append(number)
