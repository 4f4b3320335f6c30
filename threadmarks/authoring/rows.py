"""What the content check says: one row a fact proved or not."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that was held against its promise."""

    exercise: str  # "ex02"; "" for the catalogue as a whole
    what: str  # "stub", "reference", "alternative deque", "wrong thread_per_job", "files"
    promise: str  # in words: what must be so
    seen: str  # in words: what is so
    problems: tuple[str, ...] = ()  # every way in which the promise is broken

    @property
    def ok(self) -> bool:
        return not self.problems
