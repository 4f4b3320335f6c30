import threading


class Node:
    def __init__(self, value, below=None):
        self.value = value
        self.below = below


class Cell:
    """A reference with a version, compared and set in one step."""

    def __init__(self, value=None):
        self._pair = (value, 0)
        self._lock = threading.Lock()

    def read(self):
        return self._pair

    def compare_and_set(self, old, new):
        with self._lock:
            if self._pair is not old:
                return False
            self._pair = (new, old[1] + 1)
            return True


class Stack:
    """A stack without a lock of its own. Nodes belong to the callers, who may push one again."""

    def __init__(self):
        self.top = Cell()

    def push(self, node):
        while True:
            seen = self.top.read()
            node.below = seen[0]
            if self.top.compare_and_set(seen, node):
                return

    def pop(self):
        while True:
            seen = self.top.read()
            node = seen[0]
            if node is None:
                return None
            if self.top.compare_and_set(seen, node.below):
                return node
