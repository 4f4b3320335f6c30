class Stack:
    def __init__(self, items):
        self.items = list(items)

    def take(self):
        """The topmost item, or None when there is none."""
        try:
            return self.items.pop()
        except IndexError:
            return None
