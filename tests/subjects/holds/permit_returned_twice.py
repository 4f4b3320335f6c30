import threading


class Busy(Exception):
    pass


class Scanner:
    """One page at a time; who comes meanwhile is told that it is busy."""

    def __init__(self):
        self.permit = threading.BoundedSemaphore(1)
        self.pages = []
        self.most = 0

    def scan(self, page):
        if not self.permit.acquire(blocking=False):
            raise Busy
        try:
            self.pages.append(page)
            self.most = max(self.most, len(self.pages))
            self.pages.remove(page)
        finally:
            self.permit.release()
