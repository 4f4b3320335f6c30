import threading

_lock = threading.Lock()
_squares = None


def square(n):
    """n * n, from a table that is made when it is first needed."""
    global _squares
    if _squares is None:
        with _lock:
            if _squares is None:
                table = {}
                for number in range(4):
                    table[number] = number * number
                _squares = table  # nobody sees it before it is whole
    return _squares[n]
