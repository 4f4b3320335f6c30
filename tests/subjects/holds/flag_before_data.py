class Result:
    def __init__(self):
        self.ready = False
        self.value = None

    def compute(self, numbers):
        self.value = sum(numbers)
        self.ready = True

    def poll(self):
        """The value, or "not yet"."""
        return self.value if self.ready else "not yet"
