class HitCounter:
    """Counts the visits of a page."""

    def __init__(self):
        self.hits = 0

    def visit(self):
        self.hits += 1
