"""What a person must be told of a file that was not simply graded: a code, the file, and the rest of a sentence.

An entry of a delivery becomes part of a submission, or it has a remark. Imports nothing of the kit.
"""

from dataclasses import dataclass

HARMLESS = frozenset({"junk", "metadata", "not-needed", "other-exercise", "same-twice"})
"""Codes of what nobody has to look at."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Remark:
    """One thing about one file. `text` goes on the path: "Ann/ex02.py" "is a symbolic link"."""

    path: str  # in the delivery; "" for the delivery as a whole
    code: str  # stable, kebab-case
    text: str

    @property
    def harmless(self) -> bool:
        """Whether nobody has to look at it."""
        return self.code in HARMLESS
