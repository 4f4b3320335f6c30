"""A batch's output folder, as `grade batch` leaves it, for students of any system."""

from dataclasses import replace

from tests.front import samples
from threadmarks import catalog
from threadmarks.batch import feedback, outputs
from threadmarks.batch.intake import Intake
from threadmarks.batch.late import Lateness
from threadmarks.batch.outcome import Outcome
from threadmarks.batch.submission import Status, Submission
from threadmarks.lms.layout import Owner
from threadmarks.model import Finding

EXERCISES = {exercise.id: exercise for exercise in catalog.load()}
EVIL = "<script>alert(1)</script> & =1+1"
REPORT = samples.report(
    samples.passed("precreated", 3), samples.failed("overlap", Finding(code="x", message=EVIL), points=1)
)
"""3 of 4 points."""
FULL = samples.report(samples.passed("precreated", 3), samples.passed("overlap", 1))


def outcome(owner, report, exercise="ex02"):
    """A graded one, or one for which nothing was handed in."""
    base = Submission(owner=owner, exercise=exercise, status=Status.GRADED if report else Status.MISSING)
    made = Outcome(submission=base, lateness=Lateness(), key=f"result-{owner.key}" if report else "")
    return made.with_scores(report) if report else made


def folder(out, layout, students, exercises=("ex02",)):
    """`students`: key, ids, report (None: handed in nothing). The folder."""
    pairs = [
        (outcome(Owner(key=key, name=f"Student {key}", ids=ids), report and replace(report, exercise=id_), id_), report)
        for id_ in exercises
        for key, ids, report in students
    ]
    outcomes = [each for each, _ in pairs]
    reports = {(each.submission.owner.key, each.submission.exercise): report for each, report in pairs}

    def report_of(each):
        found = reports[each.submission.owner.key, each.submission.exercise]
        return found and replace(found, exercise=each.submission.exercise)

    intake = Intake(layout=layout, submissions=(), remarks=(), exercises=tuple(exercises))
    outputs.publish(out, intake, outcomes, report_of)
    feedback.publish(out, outcomes, report_of, lambda each: "", EXERCISES)
    return out
