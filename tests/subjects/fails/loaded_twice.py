loads = []
cache = {}


def load(name):
    loads.append(name)
    return name.upper()


def get(name):
    if name not in cache:
        cache[name] = load(name)
    return cache[name]
