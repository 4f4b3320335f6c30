import itertools


def make_ids(prefix):
    """A function that gives a new id at each call."""
    numbers = itertools.count(1)  # next() on it is one step of the interpreter

    def new_id():
        return f"{prefix}-{next(numbers)}"

    return new_id
