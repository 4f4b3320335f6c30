import threading

loads = []
cache = {}
guard = threading.Lock()


def load(name):
    loads.append(name)
    return name.upper()


def get(name):
    with guard:
        if name not in cache:
            cache[name] = load(name)
        return cache[name]
