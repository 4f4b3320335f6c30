class Radio:
    def __init__(self):
        self.listeners = []

    def tune_in(self, listener):
        self.listeners.append(listener)

    def leave(self, listener):
        self.listeners.remove(listener)

    def broadcast(self, news):
        for listener in self.listeners:
            listener.append(news)
