import threading


class Node:
    def __init__(self, value, below=None):
        self.value = value
        self.below = below


class Cell:
    """A reference that can be compared and set in one step."""

    def __init__(self, value=None):
        self.value = value
        self._lock = threading.Lock()

    def compare_and_set(self, old, new):
        with self._lock:
            if self.value is not old:
                return False
            self.value = new
            return True


class Stack:
    """A stack without a lock of its own. Nodes belong to the callers, who may push one again."""

    def __init__(self):
        self.top = Cell()

    def push(self, node):
        while True:
            node.below = self.top.value
            if self.top.compare_and_set(node.below, node):
                return

    def pop(self):
        while True:
            node = self.top.value
            if node is None:
                return None
            below = node.below
            if self.top.compare_and_set(node, below):
                return node
