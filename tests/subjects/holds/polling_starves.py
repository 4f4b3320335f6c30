import threading
import time


class TicketLock:
    """First come, first served."""

    def __init__(self):
        self.changed = threading.Condition()
        self.next_ticket = 0
        self.serving = 0

    def acquire(self):
        with self.changed:
            mine = self.next_ticket
            self.next_ticket += 1
            while self.serving != mine:
                self.changed.wait()

    def release(self):
        with self.changed:
            self.serving += 1
            self.changed.notify_all()


PollingLock = TicketLock


def work(lock, rounds, finished):
    """Hold the lock for a while, again and again."""
    for number in range(rounds):
        lock.acquire()
        time.sleep(0.001)
        lock.release()
        finished.append(number)
