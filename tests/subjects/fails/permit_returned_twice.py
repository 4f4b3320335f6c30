import threading


class Busy(Exception):
    pass


class Scanner:
    """One page at a time; who comes meanwhile is told that it is busy."""

    def __init__(self):
        self.permit = threading.Semaphore(1)
        self.pages = []
        self.most = 0

    def scan(self, page):
        try:
            if not self.permit.acquire(blocking=False):
                raise Busy
            self.pages.append(page)
            self.most = max(self.most, len(self.pages))
            self.pages.remove(page)
        finally:
            self.permit.release()
