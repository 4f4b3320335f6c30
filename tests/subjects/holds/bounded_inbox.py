import threading


class Inbox:
    """Takes so many messages and no more."""

    def __init__(self, limit):
        self.messages = []
        self.places = threading.Semaphore(limit)

    def offer(self, message):
        if not self.places.acquire(blocking=False):
            return False
        self.messages.append(message)
        return True
