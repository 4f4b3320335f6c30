import threading


class Promise:
    def __init__(self):
        self.lock = threading.Lock()
        self.callbacks = []
        self.done = False
        self.value = None

    def then(self, callback):
        with self.lock:
            if not self.done:
                self.callbacks.append(callback)
                return
        callback(self.value)

    def resolve(self, value):
        with self.lock:
            self.value = value
            self.done = True
            waiting, self.callbacks = self.callbacks, []
        for callback in waiting:
            callback(value)
