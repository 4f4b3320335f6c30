import threading


class HitCounter:
    """Counts the visits of a page."""

    def __init__(self):
        self.hits = 0
        self._lock = threading.Lock()

    def visit(self):
        with self._lock:
            self.hits += 1
