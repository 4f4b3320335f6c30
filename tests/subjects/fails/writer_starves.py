import threading
import time


class ReadWriteLock:
    def __init__(self):
        self.changed = threading.Condition()
        self.readers = 0
        self.writing = False

    def read(self, seconds):
        with self.changed:
            self.changed.wait_for(lambda: not self.writing)
            self.readers += 1
        time.sleep(seconds)
        with self.changed:
            self.readers -= 1
            self.changed.notify_all()

    def write(self, action):
        with self.changed:
            self.changed.wait_for(lambda: not self.writing and self.readers == 0)
            self.writing = True
        action()
        with self.changed:
            self.writing = False
            self.changed.notify_all()
