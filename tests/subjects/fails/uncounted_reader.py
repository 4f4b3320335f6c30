import threading


class ReadWriteLock:
    """Many readers or one writer: the first reader locks the room, the last one frees it."""

    def __init__(self):
        self.room = threading.Lock()
        self.readers = 0

    def acquire_read(self):
        self.readers += 1
        if self.readers == 1:
            self.room.acquire()

    def release_read(self):
        self.readers -= 1
        if self.readers == 0:
            self.room.release()

    def acquire_write(self):
        self.room.acquire()

    def release_write(self):
        self.room.release()
