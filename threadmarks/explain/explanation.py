"""A finding code in words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A code in words. `title` is one line; `text` says why it happens; `advice` is what to look at first."""

    code: str
    title: str
    text: str
    advice: str
