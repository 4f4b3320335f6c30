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

    def acquire_write(self):
        with self.changed:
            while self.readers or self.writing:
                self.changed.wait()
            self.writing = True

    def release_write(self):
        with self.changed:
            self.writing = False
            self.changed.notify_all()


lock = ReadWriteLock()
names = {}


def number_of(name):
    lock.acquire_read()
    number = names.get(name)
    lock.release_read()
    if number is not None:
        return number
    lock.acquire_write()
    if name not in names:  # it may have come in between
        names[name] = len(names) + 1
    number = names[name]
    lock.release_write()
    return number
