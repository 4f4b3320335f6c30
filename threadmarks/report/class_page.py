"""A class on one page: who needs a person, how the marks lie, a heat map, the commonest findings.

The same page serves one exercise (columns are its checks) and several (columns are exercises). It stands alone as `html`'s does, and for the same
reasons; every colour is a word too. The table is whole without JavaScript, which only sorts and filters it. Takes plain values: what a
student wrote is escaped by the template.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from threadmarks.explain.numbers import counted, points
from threadmarks.explain.safe import one_line
from threadmarks.report.html import PAGE, hash_of

BINS = 10
WORDS = {
    "passed": "ok",
    "failed": "fail",
    "deadlock": "dead",
    "race": "race",
    "leak": "leak",
    "hang": "hang",
    "crashed": "crash",
    "policy": "policy",
    "suspect": "suspect",
    "grader fault": "fault",
}
"""What a cell says: short, for a class is wide."""
UNGRADED = frozenset({"suspect", "grader fault"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A check, or an exercise."""

    name: str
    title: str
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What became of one student's check, or exercise."""

    text: str  # a word of `WORDS`, or points
    share: float | None = None  # of the points, from 0 to 1; None: it has no marks


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """A row."""

    id: str
    name: str
    status: str
    score: float | None
    max_score: float | None
    mark: float | None
    late: str = ""
    attention: bool = False
    cells: tuple[Cell | None, ...] = ()
    href: str = ""  # of the feedback


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A line that a person must read, with where to look."""

    who: str
    says: str
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """A finding with how many have it, and one of them."""

    code: str
    students: int
    checks: tuple[str, ...]
    message: str
    example: str = ""  # whose
    href: str = ""
    line: int = 0
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two submissions that are nearly the same."""

    one: str
    one_href: str
    other: str
    other_href: str
    alike: str  # how much


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassPage:
    """All of it."""

    title: str
    unit: str  # what a column is: "check", "exercise"
    columns: tuple[Column, ...]
    students: tuple[Student, ...]
    suspects: tuple[Notice, ...] = ()
    faults: tuple[Notice, ...] = ()
    common: tuple[Common, ...] = ()
    pairs: tuple[Pair, ...] = ()
    compared: str = ""  # what the pairs rest on, or why there are none
    kit: str = ""


def render(page: ClassPage) -> str:
    """The whole page."""
    style = "".join((PAGE / name).read_text(encoding="utf-8") for name in ("page.css", "class.css"))
    script = (PAGE / "class.js").read_text(encoding="utf-8")
    environment = Environment(
        loader=FileSystemLoader(PAGE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["line"] = one_line
    return (
        environment.get_template("class.html.jinja").render(
            page=page,
            style=Markup(style),  # noqa: S704  # our own files
            script=Markup(script),  # noqa: S704  # likewise
            style_hash=hash_of(style),
            script_hash=hash_of(script),
            rows=[_row(student, len(page.columns)) for student in page.students],
            statuses=sorted({student.status for student in page.students}),
            distribution=_distribution(page.students),
            summary=_summary(page.students),
        )
        + "\n"
    )


def _summary(students: Sequence[Student]) -> str:
    marks = [student.mark for student in students if student.mark is not None]
    told = f"{counted(len(students), 'student')}, {len(marks)} with a mark"
    if not marks:
        return f"{told}."
    return f"{told}: mean {points(fmean(marks))}, median {points(median(marks))}, {points(min(marks))} to {points(max(marks))} points."


def _distribution(students: Sequence[Student]) -> list[dict[str, Any]]:
    """How many have which tenth of the points; full marks are a row of their own."""
    counts = [0] * (BINS + 1)
    for student in students:
        if student.mark is not None and student.max_score:
            counts[max(0, min(BINS, int(student.mark / student.max_score * BINS + 1e-9)))] += 1
    most = max(counts) or 1
    step = 100 // BINS
    names = [f"{index * step} to under {(index + 1) * step} %" for index in range(BINS)] + ["all points"]
    return [
        {"name": name, "count": count, "width": round(150 * count / most)}
        for name, count in reversed(list(zip(names, counts, strict=True)))
    ]


def _row(student: Student, width: int) -> dict[str, Any]:
    cells = [_cell(cell) for cell in student.cells] or [_cell(None)] * width
    return {
        "id": one_line(student.id),
        "name": one_line(student.name),
        "href": student.href,
        "status": student.status,
        "mark": "" if student.mark is None else points(student.mark),
        "of": "" if student.max_score is None else points(student.max_score),
        "late": student.late,
        "attention": student.attention,
        "cells": cells,
    }


def _cell(cell: Cell | None) -> tuple[str, str]:
    """Its class, by fifths, and its text."""
    if cell is None:
        return "h-", ""
    if cell.share is None:
        return "hx", cell.text
    return f"h{min(4, int(max(0.0, cell.share) * 4 + 1e-9))}", cell.text
