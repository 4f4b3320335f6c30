"""What formgrader wants beside a gradebook: a notebook for each submission, in the folders of an nbgrader course.

`nbgrader export` reads the gradebook alone. Formgrader lists an assignment only where the course's `source/` has a folder for it, and
opens a submission only where `autograded/` has its notebook. The notebooks here are for looking at: the student's file in
one cell, then a cell for each check, to which formgrader puts the marks and comments of the gradebook. They hold no code of a check.
Only what this module has made is ever written over.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from threadmarks import __version__
from threadmarks.errors import UsageError
from threadmarks.model import CheckSpec
from threadmarks.notebook.gradebook import POLICY_CELL, Entry

MARK = "threadmarks"
"""In a notebook's metadata: made here."""
_FOLDER = re.compile(r"[^\W_][^/\\:\0]*")
"""What nbgrader, which names folders by ids, can take for an id."""
_README = """\
{exercise} is graded by `grade batch`, not by nbgrader. This folder is here because formgrader lists an assignment only where the course's
source folder has one.
"""


class Course:
    """A course's folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.left_out: list[str] = []
        """Submissions that formgrader will not show, and why: "Ann/../x, ex02: its id is no folder's name"."""

    def noted(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The entries as they are; each has its notebook when it is given. Raises UsageError when one cannot be written."""
        listed: set[str] = set()
        for entry in entries:
            exercise = entry.report.exercise
            if exercise not in listed:
                listed.add(exercise)
                self._list(exercise)
            self._note(entry)
            yield entry

    def _list(self, exercise: str) -> None:
        place = self._folder / "source" / exercise
        if not place.exists():
            _write(place / "README.md", _README.format(exercise=exercise))

    def _note(self, entry: Entry) -> None:
        exercise = entry.report.exercise
        if not _FOLDER.fullmatch(entry.student) or ".." in entry.student:
            self.left_out.append(f"{entry.student}, {exercise}: the id is no name of a folder")
            return
        place = self._folder / "autograded" / entry.student / exercise / f"{exercise}.ipynb"
        text = json.dumps(notebook(entry), indent=1)
        there = _text(place)
        if there == text:
            return
        if there is not None and not _is_ours(there):
            self.left_out.append(f"{entry.student}, {exercise}: {place} was made by somebody else")
            return
        _write(place, text)


def notebook(entry: Entry) -> dict[str, Any]:
    """The notebook of a submission, format 4.4: plain values."""
    checks = [_check(check.spec) for check in entry.report.checks]
    policy = _cell(
        "# What the exercise's rules for a file take off.", {"grade_id": POLICY_CELL, "points": 0, **_GRADED}
    )
    return {
        "cells": [_cell(entry.text, None), *checks, policy],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            MARK: {"file": entry.report.file, "kit": __version__},
        },
        "nbformat": 4,
        "nbformat_minor": 4,
    }


_GRADED = {"schema_version": 3, "grade": True, "solution": True, "locked": False, "task": False, "cell_type": "code"}
"""A cell that has marks, and a comment."""


def _check(spec: CheckSpec) -> dict[str, Any]:
    words = " ".join(spec.title.split())
    return _cell(f"# {spec.name}: {words}", {"grade_id": spec.name, "points": spec.points, **_GRADED})


def _cell(source: str, marks: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {"nbgrader": marks} if marks else {},
        "outputs": [],
        "source": source,
    }


def _text(place: Path) -> str | None:
    """What is there; None when nothing is. Raises UsageError."""
    try:
        return place.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise UsageError(f"{place} cannot be read: {problem.strerror}.") from None


def _is_ours(text: str) -> bool:
    try:
        return MARK in json.loads(text)["metadata"]
    except (ValueError, LookupError, TypeError):
        return False


def _write(place: Path, text: str) -> None:
    """Whole or not at all. Raises UsageError."""
    new = place.with_name(f".{place.name}.new")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(text, encoding="utf-8", errors="backslashreplace")
        new.replace(place)
    except OSError as problem:
        raise UsageError(f"{place} could not be written: {problem.strerror}.") from None
