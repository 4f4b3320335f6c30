import threading


class Mailbox:
    def __init__(self):
        self.letters = []
        self.arrived = threading.Condition()

    def put(self, letter):
        with self.arrived:
            self.letters.append(letter)
            self.arrived.notify()

    def get(self):
        with self.arrived:
            if not self.letters:
                self.arrived.wait()
            return self.letters.pop(0)
