import threading


class Handshake:
    def __init__(self):
        self.condition = threading.Condition()
        self.message = None

    def say(self, message):
        with self.condition:
            self.message = message
            self.condition.notify()

    def hear(self):
        with self.condition:
            self.condition.wait()
            return self.message
