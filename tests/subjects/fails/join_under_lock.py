import threading


class Recorder:
    """Writes samples in a thread of its own; `stop` waits until all are written."""

    def __init__(self, samples):
        self.lock = threading.Lock()
        self.written = []
        self.thread = threading.Thread(target=self._write, args=(samples,))
        self.thread.start()

    def _write(self, samples):
        for sample in samples:
            with self.lock:
                self.written.append(sample)

    def stop(self):
        with self.lock:
            self.thread.join()
            return list(self.written)
