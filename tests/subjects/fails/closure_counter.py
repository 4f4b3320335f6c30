def make_ids(prefix):
    """A function that gives a new id at each call."""
    last = 0

    def new_id():
        nonlocal last
        last += 1
        return f"{prefix}-{last}"

    return new_id
