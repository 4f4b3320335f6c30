import threading


class Printer:
    """Prints what is submitted, in a thread of its own."""

    def __init__(self):
        self.pages = []
        self.printed = []
        self.wake_up = threading.Event()

    def submit(self, page):
        self.pages.append(page)
        self.wake_up.set()

    def run(self, count):
        while len(self.printed) < count:
            self.wake_up.wait()
            while self.pages:
                self.printed.append(self.pages.pop(0))
            self.wake_up.clear()
