handlers = {}


def subscribe(name, handler):
    handlers[name] = handler


def publish(event):
    """Tell every handler; how many were told."""
    told = 0
    for handler in list(handlers.values()):  # a copy, made in one step
        handler(event)
        told += 1
    return told
