"""Source text that the standard library generates while a module is executed: compiled once a process.

A module is executed anew for every schedule, and most of what a `@dataclass` costs is compiling the methods that it writes as text: the
same text each time. What is executed, and when, stays as it was.
"""

import dataclasses
import functools
from types import CodeType
from typing import Any


def install() -> None:
    """Give `dataclasses` an `exec` that remembers what it compiled."""
    module: Any = dataclasses
    module.exec = _exec


@functools.cache
def _compiled(text: str) -> CodeType:
    """The code of a text, as `exec` would compile it there."""
    return compile(text, "<string>", "exec", dont_inherit=True)


def _exec(text: str, names: dict[str, Any] | None = None, found: dict[str, Any] | None = None, /) -> None:
    """`exec`, as `dataclasses` calls it: with a text, and the dictionaries for its names."""
    exec(_compiled(text), names, found)
