import threading

WAITING, RUNNING, CANCELLED = "waiting", "running", "cancelled"


class Job:
    def __init__(self):
        self.state = WAITING
        self.lock = threading.Lock()

    def _move(self, target):
        with self.lock:
            if self.state != WAITING:
                return False
            self.state = target
            return True

    def start(self):
        """True when the caller may run the job now."""
        return self._move(RUNNING)

    def cancel(self):
        """True when the job will never run."""
        return self._move(CANCELLED)
