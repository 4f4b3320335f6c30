"""Honest accidents in one plain sentence: what happened, in a student's words, for exceptions that the sandbox has a part in.

The sentences hold on every rung: what a strict one refuses fails on a weaker one in another way, or not at all. The
exception's own text is shown beside them. Says nothing of intentions.
"""

from threadmarks import wire

_REFUSED = "an exercise may not "
"""How the runner's `guard` begins what it says."""

_FILES = "Your program uses a file that is not there or that a run may not write; exercises need no files."
_SYSTEM = "Your program asked the system for something that a run may not do; no exercise needs it."

_TABLE = (
    ("RecursionError", "", "Your program calls itself again and again, without an end."),
    ("EOFError", "EOF when reading a line", "Your program asks for input, and nobody is there to type it."),
    ("FileNotFoundError", "", _FILES),
    ("FileExistsError", "", _FILES),
    ("IsADirectoryError", "", _FILES),
    ("NotADirectoryError", "", _FILES),
    ("PermissionError", "[Errno 13]", _FILES),
    ("OSError", "[Errno 27]", _FILES),  # too large
    ("OSError", "[Errno 28]", _FILES),  # no space left
    ("OSError", "[Errno 30]", _FILES),  # a read-only file system
    ("PermissionError", "[Errno 1]", _SYSTEM),
    ("BlockingIOError", "[Errno 11]", _SYSTEM),
    ("RuntimeError", "can't start new thread", "Your program started more threads than a run may have."),
)
"""The type of an exception, how its text begins, and the sentence."""


def sentence(error: wire.ErrorRecord) -> str:
    """The accident that an exception is; "" for one that is told well enough by its own text."""
    if error.type == "PermissionError" and error.message.startswith(_REFUSED):
        what = error.message.removeprefix(_REFUSED).partition(" (")[0]
        return f"Your program tried to {what}; an exercise is solved inside of one process."
    found = (told for kind, begin, told in _TABLE if kind == error.type and error.message.startswith(begin))
    return next(found, "")
