class Inbox:
    """Takes so many messages and no more."""

    def __init__(self, limit):
        self.limit = limit
        self.messages = []

    def is_full(self):
        return len(self.messages) >= self.limit

    def offer(self, message):
        if self.is_full():
            return False
        self.messages.append(message)
        return True
