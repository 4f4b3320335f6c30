"""Where gradings happen: the seam between a batch and its processors. `local` is this machine's cores."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from threadmarks.batch.keys import Kit


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One text to grade. Plain values: it may travel."""

    key: str  # the name of its result
    exercise: str
    text: str
    kit: Kit | None = None  # what it must be graded with, where that is not certain


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of a job."""

    key: str
    encoded: bytes = b""  # the report, as `store.encode` made it; b"" when there is none
    fault: str = ""  # what the grader itself failed at, in words: the next run tries again


class Executor(Protocol):
    """Grades jobs."""

    def run(self, jobs: Iterable[Job]) -> Iterator[Done]:
        """Each job's end, in any order. Takes jobs only as it can begin them. Raises SandboxError when nothing can be graded."""

    def close(self) -> None:
        """End everything that goes on, at once."""
