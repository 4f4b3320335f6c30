class Promise:
    def __init__(self):
        self.callbacks = []
        self.done = False
        self.value = None

    def then(self, callback):
        self.callbacks.append(callback)
        if self.done:
            callback(self.value)

    def resolve(self, value):
        self.value = value
        self.done = True
        for callback in self.callbacks:
            callback(value)
