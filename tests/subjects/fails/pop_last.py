class Stack:
    def __init__(self, items):
        self.items = list(items)

    def take(self):
        """The topmost item, or None when there is none."""
        if len(self.items) > 0:
            return self.items.pop()
        return None
