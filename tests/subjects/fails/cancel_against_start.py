WAITING, RUNNING, CANCELLED = "waiting", "running", "cancelled"


class Job:
    def __init__(self):
        self.state = WAITING

    def start(self):
        """True when the caller may run the job now."""
        if self.state == WAITING:
            self.state = RUNNING
            return True
        return False

    def cancel(self):
        """True when the job will never run."""
        if self.state == WAITING:
            self.state = CANCELLED
            return True
        return False
