"""nbgrader's own gradebook, filled from reports: an assignment for each exercise, a grade cell for each check.

Written through nbgrader's classes, so whatever it can open (SQLite, any SQLAlchemy URL) is written, and `nbgrader export` and formgrader show it.
Each submission is one transaction: a kill leaves it old or new. What people entered there (manual scores, manual comments, names) is left
alone, and writing the same twice changes nothing.
"""

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from threadmarks.errors import UsageError
from threadmarks.model import CheckResult, Report
from threadmarks.report.json import message

POLICY_CELL = "source-policy"
"""A cell without points of its own: what the exercise's policy takes off the sum of the checks stands there, as a negative score."""
_HOW_TO_INSTALL = "nbgrader is not installed: pip install 'threadmarks[nbgrader]'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One student's marks for one exercise."""

    student: str  # the id that the gradebook knows the student by
    name: str  # for a student that it does not know yet

    report: Report
    penalty: float  # points taken for being late
    submitted: datetime | None  # naive: in UTC
    text: str = ""  # the file that was graded, for those who show it


class Gradebook:
    """An open gradebook. Use it as a context."""

    def __init__(self, url: str) -> None:
        """Raises UsageError when nbgrader is not there, or the database cannot be opened."""
        try:
            from nbgrader import api  # type: ignore[import-untyped, import-not-found, unused-ignore]  # an extra
            from sqlalchemy.exc import SQLAlchemyError  # type: ignore[import-not-found, unused-ignore]  # likewise
        except ImportError:
            raise UsageError(_HOW_TO_INSTALL) from None
        self._api: Any = api
        self._problem: type[Exception] = SQLAlchemyError
        self._url = url
        with self._told(), _programs_found():
            self._book: Any = api.Gradebook(url)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._book.close()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """The database's errors as ours, without its password."""
        try:
            yield
        except (self._problem, ImportError, ValueError) as problem:
            lines = str(getattr(problem, "orig", None) or problem).splitlines()
            raise UsageError(
                f"The gradebook {_without_password(self._url)} cannot be used: {lines[0] if lines else problem}"
            ) from None

    def write(self, entries: Iterable[Entry]) -> int:
        """Write every entry; how many there were. Raises UsageError."""
        count = 0
        known: set[str] = set()
        with self._told():
            for entry in entries:
                report = entry.report
                if report.exercise not in known:
                    self._assignment(report)
                    known.add(report.exercise)
                self._submission(entry)
                count += 1
        return count

    def _assignment(self, report: Report) -> None:
        """The assignment with its cells. A check that is gone from the exercise keeps its cell: marks may hang on it."""
        book, name = self._book, report.exercise
        book.update_or_create_assignment(name)
        book.update_or_create_notebook(name, name)
        for check in report.checks:
            spec = check.spec
            book.update_or_create_grade_cell(spec.name, name, name, max_score=float(spec.points), cell_type="code")
            book.update_or_create_solution_cell(spec.name, name, name)
        book.update_or_create_grade_cell(POLICY_CELL, name, name, max_score=0.0, cell_type="code")
        book.update_or_create_solution_cell(POLICY_CELL, name, name)

    def _submission(self, entry: Entry) -> None:
        """One submission, in one transaction."""
        db, report = self._book.db, entry.report
        try:
            notebook = self._notebook(entry)
            scores = {check.spec.name: (float(check.score) if check.graded else None) for check in report.checks}
            comments = {check.spec.name: _comment(check) for check in report.checks}
            off = report.score - sum(check.score for check in report.checks)
            scores[POLICY_CELL] = off or 0.0
            comments[POLICY_CELL] = "\n".join(finding.message for finding in report.findings if finding.costs_points)
            for grade in notebook.grades:
                if grade.cell.name in scores:
                    score = scores[grade.cell.name]
                    grade.auto_score = score
                    grade.needs_manual_grade = score is None and grade.manual_score is None
            for comment in notebook.comments:
                if comment.cell.name in comments:
                    comment.auto_comment = comments[comment.cell.name]
            notebook.late_submission_penalty = entry.penalty
            db.commit()
        except BaseException:
            db.rollback()
            raise

    def _notebook(self, entry: Entry) -> Any:
        """The student's notebook of the assignment with a grade and a comment for each cell; made where they are missing."""
        api, db, name = self._api, self._book.db, entry.report.exercise
        assignment, cells = self._book.find_assignment(name), self._book.find_notebook(name, name)
        student = db.get(api.Student, entry.student)
        if student is None:
            last, first = _names(entry.name)
            student = self._new(api.Student, id=entry.student, last_name=last, first_name=first)
        wanted = {"assignment_id": assignment.id, "student_id": student.id}
        submission = self._one(api.SubmittedAssignment, **wanted)
        if submission is None:
            submission = self._new(api.SubmittedAssignment, **wanted)
        submission.timestamp = entry.submitted
        wanted = {"notebook_id": cells.id, "assignment_id": submission.id}
        notebook = self._one(api.SubmittedNotebook, **wanted) or self._new(api.SubmittedNotebook, **wanted)
        for kind, owned in ((api.Grade, cells.grade_cells), (api.Comment, cells.solution_cells)):
            for cell in owned:
                wanted = {"cell_id": cell.id, "notebook_id": notebook.id}
                if self._one(kind, **wanted) is None:
                    self._new(kind, **wanted)
        db.refresh(notebook)
        return notebook

    def _one(self, kind: Any, **wanted: str) -> Any:
        return self._book.db.query(kind).filter_by(**wanted).one_or_none()

    def _new(self, kind: Any, **values: str) -> Any:
        """A new row, with the id that the database gives it; in the transaction that goes on."""
        row = kind(**values)
        self._book.db.add(row)
        self._book.db.flush()
        return row


@contextlib.contextmanager
def _programs_found() -> Iterator[None]:
    """To make a database, nbgrader calls a program of its environment, which need not be on the path."""
    before = os.environ.get("PATH", os.defpath)
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{before}"
    try:
        yield
    finally:
        os.environ["PATH"] = before


def _comment(check: CheckResult) -> str:
    """The check's title and what was found, as text: free of markup, for pages show it among theirs."""
    said = check.verdict.value if check.passed else f"{check.verdict.value}: {message(check) or 'see the report'}"
    return f"{check.spec.title} ({said})".replace("<", "‹").replace(">", "›")  # noqa: RUF001  # look-alikes are the point


def _names(name: str) -> tuple[str, str]:
    """Last and first name, where the system tells them apart. No comma is left: nbgrader's table quotes nothing."""
    last, _, first = name.partition(",")
    return last.strip(), first.replace(",", " ").strip()


def _without_password(url: str) -> str:
    head, separator, tail = url.partition("://")
    return f"{head}{separator}…@{tail.rpartition('@')[2]}" if "@" in tail else url
