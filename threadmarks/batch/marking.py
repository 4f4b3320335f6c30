"""From outcomes to gradebook entries: one for each student, also of a group, by the id that marks go by."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from threadmarks.batch import late
from threadmarks.batch.late import Policy
from threadmarks.batch.outcome import Outcome
from threadmarks.model import Report
from threadmarks.notebook.gradebook import Entry


def entries(
    graded: Iterable[tuple[Outcome, Report]], policy: Policy, text: Callable[[Outcome], str]
) -> Iterator[Entry]:
    """The entries for submissions that count, with their reports and their texts."""
    for outcome, report in graded:
        shown = text(outcome)
        owner = outcome.submission.owner
        students = [member[0][1] for member in owner.members if member] or [owner.mark_id]
        for student in students:
            yield Entry(
                student=student,
                name="" if owner.members else owner.name,
                report=report,
                penalty=outcome.penalty or 0.0,
                submitted=_in_utc(outcome.submission.submitted, policy),
                text=shown,
            )


def _in_utc(stamp: datetime | None, policy: Policy) -> datetime | None:
    """As the gradebook keeps time stamps: in UTC, without saying so."""
    return late.aware(stamp, policy).astimezone(UTC).replace(tzinfo=None) if stamp else None
