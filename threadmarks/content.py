"""Where the content lies: the folder that holds `exercises/`, `graders/` and `solutions/`.

In a wheel the content travels inside the package, in a checkout it lies beside it. Nothing else in the kit may build a
path to the content by itself.
"""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
"""The folder of the package `threadmarks`."""


def root() -> Path:
    """The folder that holds the content: `threadmarks/_content` of an installed wheel, else the repository's root."""
    packed = PACKAGE / "_content"
    return packed if packed.is_dir() else PACKAGE.parent
