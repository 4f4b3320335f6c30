import threading


class ReadWriteLock:
    def __init__(self):
        self.changed = threading.Condition()
        self.readers = 0
        self.writing = False

    def acquire_read(self):
        with self.changed:
            while self.writing:
                self.changed.wait()
            self.readers += 1

    def release_read(self):
        with self.changed:
            self.readers -= 1
            self.changed.notify_all()

    def upgrade(self):
        """From reading to writing, when everybody else has stopped reading."""
        with self.changed:
            while self.readers > 1:
                self.changed.wait()
            self.readers -= 1
            self.writing = True

    def release_write(self):
        with self.changed:
            self.writing = False
            self.changed.notify_all()


lock = ReadWriteLock()
names = {}


def number_of(name):
    lock.acquire_read()
    if name in names:
        number = names[name]
        lock.release_read()
        return number
    lock.upgrade()
    number = names[name] = len(names) + 1
    lock.release_write()
    return number
