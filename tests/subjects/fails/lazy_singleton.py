class Settings:
    _instance = None

    def __init__(self):
        self.values = {}

    @classmethod
    def instance(cls):
        if cls._instance is None:
            cls._instance = cls()
        return cls._instance


def remember(key, value):
    Settings.instance().values[key] = value
