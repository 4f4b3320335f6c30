class Radio:
    def __init__(self):
        self.listeners = ()

    def tune_in(self, listener):
        self.listeners = (*self.listeners, listener)

    def leave(self, listener):
        # a new tuple: whoever is going through the old one is not disturbed
        self.listeners = tuple(other for other in self.listeners if other is not listener)

    def broadcast(self, news):
        for listener in self.listeners:
            listener.append(news)
