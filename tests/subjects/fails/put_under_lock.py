import queue
import threading


class Pipeline:
    def __init__(self):
        self.parts = queue.Queue(maxsize=1)
        self.lock = threading.Lock()
        self.status = {}

    def produce(self, parts):
        for part in parts:
            with self.lock:
                self.status["producer"] = part
                self.parts.put(part)

    def consume(self, count):
        got = []
        for _ in range(count):
            with self.lock:
                self.status["consumer"] = "waits"
            got.append(self.parts.get())
        return got
