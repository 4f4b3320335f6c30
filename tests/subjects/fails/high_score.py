class HighScore:
    best = 0
    holder = None

    def report(self, player, score):
        if score > self.best:
            self.best = score
            self.holder = player
