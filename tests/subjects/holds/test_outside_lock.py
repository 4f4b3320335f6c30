import threading


class Gate:
    def __init__(self):
        self.is_open = False
        self.changed = threading.Condition()

    def open(self):
        with self.changed:
            self.is_open = True
            self.changed.notify_all()

    def pass_through(self):
        with self.changed:
            self.changed.wait_for(lambda: self.is_open)
        return "through"
