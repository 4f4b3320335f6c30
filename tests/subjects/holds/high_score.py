from threading import Lock


class HighScore:
    def __init__(self):
        self.best = 0
        self.holder = None
        self.lock = Lock()

    def report(self, player, score):
        with self.lock:
            if score > self.best:
                self.best = score
                self.holder = player
