handlers = {}


def subscribe(name, handler):
    handlers[name] = handler


def publish(event):
    """Tell every handler; how many were told."""
    told = 0
    for name, handler in handlers.items():
        handler(event)
        told += 1
    return told
