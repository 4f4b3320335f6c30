"""The student's own files that a submission is built upon: beside it, or where they keep the others.

Finds and reads; `judge.foundations` says what follows from it.
"""

from pathlib import Path

from threadmarks import catalog, progress
from threadmarks.catalog import Exercise
from threadmarks.commands import submissions
from threadmarks.errors import SubmissionError
from threadmarks.judge.foundations import Foundation
from threadmarks.sandbox import saferead


def own(submission: submissions.Submission, program: str, *, strict: bool = False) -> tuple[Foundation, ...]:
    """One file for each exercise that the submission's builds on. `strict` as in `saferead.read`.

    Raises SubmissionError, with the way to get the file that is missing.
    """
    needed = catalog.foundations(submission.exercise)
    record = _record() if needed else progress.Progress()
    found = []
    for each in needed:
        name = _name(each, submission, program)
        best = record.of(each.id)
        failed = best.attempts > 0 and not best.passed
        source = saferead.read(name, strict=strict)
        found.append(Foundation(exercise=each, source=source, own=True, passed=not failed))
    return tuple(found)


def _record() -> progress.Progress:
    """What is known of earlier gradings; nothing when that cannot be read, which is told where it is written."""
    try:
        return progress.load(Path())
    except progress.ProgressError:
        return progress.Progress()


def _name(needed: Exercise, submission: submissions.Submission, program: str) -> str:
    upper = submission.exercise.id
    beside = Path(submission.name).parent / needed.file_name
    if beside.exists() or beside.is_symlink():
        return str(beside)
    try:
        return submissions.default_file(needed, Path(), program)
    except SubmissionError:
        raise SubmissionError(
            "no-foundation",
            f"{upper} builds on {needed.id}, and there is no {needed.file_name} beside {submission.name} or in this folder. "
            f"Put yours there, or begin it: {program} show {needed.id} --stub > {needed.file_name}",
        ) from None
