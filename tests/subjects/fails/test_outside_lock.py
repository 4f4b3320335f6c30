import threading


class Gate:
    def __init__(self):
        self.is_open = False
        self.changed = threading.Condition()

    def open(self):
        self.is_open = True
        with self.changed:
            self.changed.notify_all()

    def pass_through(self):
        if not self.is_open:
            with self.changed:
                self.changed.wait()
        return "through"
