import threading


class OnePlaceBuffer:
    """Producers wait while it is full, consumers while it is empty."""

    def __init__(self):
        self.content = []
        self.changed = threading.Condition()

    def put(self, item):
        with self.changed:
            while self.content:
                self.changed.wait()
            self.content.append(item)
            self.changed.notify()

    def get(self):
        with self.changed:
            while not self.content:
                self.changed.wait()
            item = self.content.pop()
            self.changed.notify()
            return item
