from threading import Lock


class Histogram:
    def __init__(self, bins, width):
        self.bins = [0] * bins
        self.width = width
        self.lock = Lock()

    def add_all(self, values):
        # each thread counts for itself, and the sums are added once
        mine = [0] * len(self.bins)
        for value in values:
            mine[min(value // self.width, len(mine) - 1)] += 1
        with self.lock:
            for index, count in enumerate(mine):
                self.bins[index] += count
