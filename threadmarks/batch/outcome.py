"""What became of one submission, in numbers: small enough to keep one for each of any number of them."""

from dataclasses import dataclass, replace

from threadmarks.batch.late import Lateness
from threadmarks.batch.submission import Status, Submission
from threadmarks.model import Report, Verdict

ATTENTION = frozenset({"further-file"})
"""Codes of remarks on a graded submission that a person should look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A submission with its result's name and its marks."""

    submission: Submission
    lateness: Lateness
    key: str = ""  # of its result; "" when it can have none
    verdict: str = ""
    score: float | None = None  # None: not graded
    max_score: float | None = None  # of the graded checks
    ungraded: float = 0.0  # points of checks that a person must decide on
    fault: str = ""

    def with_scores(self, report: Report) -> "Outcome":
        """With what the report says."""
        return replace(
            self, verdict=report.verdict.value, score=report.score, max_score=report.max_score, ungraded=report.ungraded
        )

    @property
    def penalty(self) -> float | None:
        """Points taken for being late: a share of all points, and never more than there are."""
        if self.score is None or self.max_score is None:
            return None
        return min(round(self.max_score * self.lateness.percent / 100, 2), self.score)

    @property
    def mark(self) -> float | None:
        """Points after the penalty."""
        return None if self.score is None else round(self.score - (self.penalty or 0.0), 2)

    @property
    def rank(self) -> tuple[bool, float]:
        """Orders attempts by what they are worth."""
        return (self.mark is not None, self.mark or 0.0)

    @property
    def attention(self) -> bool:
        """Whether a person must look at it before its mark counts."""
        status = self.submission.status
        if status is Status.SUPERSEDED:
            return False
        if status is not Status.GRADED or self.fault or self.ungraded or self.verdict == Verdict.SUSPECT:
            return True
        return any(remark.code in ATTENTION for remark in self.submission.remarks)
