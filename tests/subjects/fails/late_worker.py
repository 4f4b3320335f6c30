import threading


class Launcher:
    """Runs each job in a thread of its own; `close` waits for all of them."""

    def __init__(self):
        self.threads = []
        self.closed = False

    def launch(self, job):
        if self.closed:
            raise RuntimeError("closed")
        thread = threading.Thread(target=job)
        thread.start()
        self.threads.append(thread)

    def close(self):
        self.closed = True
        for thread in self.threads:
            thread.join()
