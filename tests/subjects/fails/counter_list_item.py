class Histogram:
    def __init__(self, bins, width):
        self.bins = [0] * bins
        self.width = width

    def add(self, value):
        index = min(value // self.width, len(self.bins) - 1)
        self.bins[index] += 1

    def add_all(self, values):
        for value in values:
            self.add(value)
