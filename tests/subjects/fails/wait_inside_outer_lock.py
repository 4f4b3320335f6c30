import threading


class Shop:
    def __init__(self):
        self.open_lock = threading.Lock()  # one customer or supplier at a time
        self.delivered = threading.Condition()
        self.shelf = []

    def deliver(self, ware):
        with self.open_lock:
            with self.delivered:
                self.shelf.append(ware)
                self.delivered.notify()

    def buy(self):
        with self.open_lock:
            with self.delivered:
                while not self.shelf:
                    self.delivered.wait()  # gives back its own lock, and not the other one
                return self.shelf.pop()
