import threading


class Settings:
    _instance = None
    _creating = threading.Lock()

    def __init__(self):
        self.values = {}

    @classmethod
    def instance(cls):
        with cls._creating:
            if cls._instance is None:
                cls._instance = cls()
            return cls._instance


def remember(key, value):
    Settings.instance().values[key] = value
