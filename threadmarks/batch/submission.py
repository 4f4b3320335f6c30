"""The values of a batch: a submission with its owner, and what became of it.

A submission is one owner's work for one exercise in one attempt; it has a source, or the reason why there is none. Must not read or
grade.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from threadmarks.lms.layout import Owner
from threadmarks.lms.remarks import Remark


class Status(StrEnum):
    """What became of a submission."""

    GRADED = "graded"
    NOT_GRADABLE = "not gradable"  # there is something, and it is no file that can be graded
    MISSING = "missing"  # nothing was handed in for this exercise
    GRADER_FAULT = "grader fault"  # the grader's own failure; the next run tries again
    PENDING = "pending"  # the run was interrupted before its turn
    SUPERSEDED = "superseded"  # another attempt counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One owner's work for one exercise."""

    owner: Owner
    exercise: str
    path: str = ""  # of its file in the delivery; "" when there is none
    load: Callable[[], bytes] | None = None  # None: `status` says why not
    status: Status = Status.PENDING
    attempt: str = ""  # orders an owner's attempts as text
    number: int = 1  # of the attempt, from 1
    attempts: int = 1  # of this owner for this exercise
    submitted: datetime | None = None  # naive: the system's local time
    late: bool = False  # by the system's own word
    remarks: tuple[Remark, ...] = ()

    @property
    def place(self) -> tuple[str, str, str]:
        """Orders submissions, and tells each from all others."""
        return (self.owner.key, self.exercise, self.attempt)
