import threading


class OnePlaceBuffer:
    """Producers wait while it is full, consumers while it is empty."""

    def __init__(self):
        self.content = []
        lock = threading.Lock()
        self.not_full = threading.Condition(lock)
        self.not_empty = threading.Condition(lock)

    def put(self, item):
        with self.not_full:
            while self.content:
                self.not_full.wait()
            self.content.append(item)
            self.not_empty.notify()

    def get(self):
        with self.not_empty:
            while not self.content:
                self.not_empty.wait()
            item = self.content.pop()
            self.not_full.notify()
            return item
