"""Signals that end a run. They derive from BaseException so that `except Exception` in a program does not stop them."""


class Abort(BaseException):
    """The schedule is over: leave your frames. Raised where a thread was parked."""


class Diverged(BaseException):
    """A replay asked for a choice that this run does not offer."""
