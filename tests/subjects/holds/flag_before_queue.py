import queue
import threading

_END = object()


class Logger:
    def __init__(self):
        self.lines = []
        self.queue = queue.Queue()
        self.thread = threading.Thread(target=self._write)
        self.thread.start()

    def log(self, line):
        self.queue.put(line)

    def _write(self):
        while (line := self.queue.get()) is not _END:
            self.lines.append(line)

    def shutdown(self):
        self.queue.put(_END)  # behind everything that was logged
        self.thread.join()
