import queue
import threading


class Logger:
    def __init__(self):
        self.lines = []
        self.queue = queue.Queue()
        self.running = True
        self.thread = threading.Thread(target=self._write)
        self.thread.start()

    def log(self, line):
        self.queue.put(line)

    def _write(self):
        while self.running:
            try:
                line = self.queue.get(timeout=0.1)
            except queue.Empty:
                continue
            self.lines.append(line)

    def shutdown(self):
        self.running = False
        self.thread.join()
