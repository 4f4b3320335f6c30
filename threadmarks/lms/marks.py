"""The marks of a finished batch, as `manifest.json` and the feedback beside it hold them: what goes back to a system.

A mark goes by the system's ids. What has no mark, or points that a person must decide on, is not sent and is told. Must not grade.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from threadmarks.errors import UsageError
from threadmarks.explain.numbers import points
from threadmarks.explain.safe import one_line
from threadmarks.lms import table

T = TypeVar("T")

ROSTER_IDS = ("username", "sid", "eid", "email", "user id", "participant id")
SIGN = "Threadmarks"
"""What a comment of ours begins with: known again when it comes back, flattened to text."""


class _Owner(msgspec.Struct):
    key: str
    name: str = ""
    ids: dict[str, str] = {}
    members: list[dict[str, str]] = []


class _Submission(msgspec.Struct):
    owner: _Owner
    exercise: str
    status: str
    report: str
    mark: float | None
    max_score: float | None
    ungraded: float
    fault: str = ""


class _Manifest(msgspec.Struct):
    layout: str
    exercises: list[str]
    submissions: list[_Submission]


class _Check(msgspec.Struct):
    title: str
    verdict: str
    score: float
    points: float
    passed: bool
    graded: bool
    message: str


class _Given(msgspec.Struct):
    mark: float | None


class _Feedback(msgspec.Struct):
    checks: list[_Check]
    findings: list[dict[str, Any]]
    mark: _Given


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One student's mark for one exercise."""

    ids: tuple[tuple[str, str], ...]
    who: str  # for people
    exercise: str
    points: float
    full: float  # what points are out of; more than 0
    comment: str  # HTML without anything of a student's that is markup
    text: str  # the same as text
    page: Path  # feedback.html

    def id(self, *names: str) -> str:
        """The first of these ids that there is; "" for none."""
        known = dict(self.ids)
        return next((known[name] for name in names if known.get(name)), "")

    def scaled(self, most: float) -> float:
        """The mark where `most` is full marks, to two places."""
        return round(self.points / self.full * most, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What can be sent, and why the rest cannot."""

    layout: str
    exercise: str
    marks: tuple[Mark, ...]
    left: tuple[str, ...]  # a sentence for each that is not sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A file to upload, and what is not in it."""

    data: bytes
    count: int
    left: tuple[str, ...]


def read(folder: Path, exercise: str | None) -> Marks:
    """The marks in a batch's output folder for one exercise. Raises UsageError."""
    manifest = _parsed(folder / "manifest.json", _Manifest)
    wanted = exercise or (manifest.exercises[0] if len(manifest.exercises) == 1 else "")
    if not wanted:
        raise UsageError(f"{folder} has marks for {', '.join(manifest.exercises)}: say which with --exercise.")
    if wanted not in manifest.exercises:
        raise UsageError(f"{folder} has no marks for {wanted}; it has {', '.join(manifest.exercises) or 'none'}.")
    marks: list[Mark] = []
    left: list[str] = []
    for each in manifest.submissions:
        if each.exercise != wanted or each.status == "superseded":
            continue
        problem = _problem(each)
        page = (folder / each.report).with_name("feedback.html")
        told = _parsed(page.with_suffix(".json"), _Feedback) if not problem else None
        if told is not None and told.mark.mark != each.mark:
            problem = "its feedback is older than its mark; run the batch to its end"
        if told is None or problem:
            left.append(f"{_who(each.owner)}: {problem}")
        else:
            marks += _marks(page, each, told)
    return Marks(layout=manifest.layout, exercise=wanted, marks=tuple(marks), left=tuple(left))


def with_roster(marks: Marks, data: bytes, where: str) -> Marks:
    """The marks with further ids. The roster is a table of two columns: an id that the marks have, and one that a system has.

    The second column's head is that id's name: `username`, `sid`, `eid`, `email`, `user id`, `participant id`. Raises UsageError.
    """
    roster = table.parse(data, where)
    if len(roster.head) != 2 or roster.head[1].strip() not in ROSTER_IDS:
        raise UsageError(f"{where} must have two columns, the second called one of: {', '.join(ROSTER_IDS)}.")
    name = roster.head[1].strip()
    known = {one.strip(): other.strip() for one, other in roster.rows}
    more = [
        replace(mark, ids=(*mark.ids, *((name, known[value]) for _, value in mark.ids if known.get(value))))
        for mark in marks.marks
    ]
    return replace(marks, marks=tuple(more))


def _problem(each: _Submission) -> str:
    if each.mark is None or not each.max_score:
        return (
            f"{each.status}, no mark"
            if not each.ungraded
            else f"{points(each.ungraded)} points are a person's to decide"
        )
    if each.fault:
        return "the grader failed at it; run the batch again"
    return f"{points(each.ungraded)} points are a person's to decide" if each.ungraded else ""


def _marks(page: Path, each: _Submission, told: _Feedback) -> Iterable[Mark]:
    """One, or one for each member of a group."""
    score = f"{points(each.mark or 0.0)} of {points(each.max_score or 0.0)} points"
    people = [tuple(member.items()) for member in each.owner.members] or [tuple(each.owner.ids.items())]
    for ids in people:
        yield Mark(
            ids=ids,
            who=_who(each.owner) if not each.owner.members else dict(ids).get("email", _who(each.owner)),
            exercise=each.exercise,
            points=each.mark or 0.0,
            full=each.max_score or 1.0,
            comment=_html(each.exercise, score, told),
            text="\n".join(_lines(each.exercise, score, told)),
            page=page,
        )


def _lines(exercise: str, score: str, told: _Feedback) -> list[str]:
    """The score, and each check that did not pass with its message."""
    passed = sum(check.passed for check in told.checks)
    lines = [f"{SIGN} {exercise}: {score}, {passed} of {len(told.checks)} checks passed."]
    lines += [one_line(str(finding.get("message", ""))) for finding in told.findings]
    for number, check in enumerate(told.checks, 1):
        if not check.passed:
            said = f" {one_line(check.message)}" if check.message else ""
            lines.append(f"Check {number}, {one_line(check.title)}: {check.verdict}.{said}")
    return lines


def _html(exercise: str, score: str, told: _Feedback) -> str:
    first, *rest = (escape(line) for line in _lines(exercise, score, told))
    items = "".join(f"<li>{line}</li>" for line in rest)
    return f"<p>{first}</p>" + (f"<ul>{items}</ul>" if items else "")


def _who(owner: _Owner) -> str:
    return f"{owner.name} ({owner.key})" if owner.name not in ("", owner.key) else owner.key


def _parsed(path: Path, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as problem:
        raise UsageError(f"{path} cannot be read ({problem.strerror}): is that the --out of a `grade batch`?") from None
    except msgspec.DecodeError as problem:
        raise UsageError(f"{path} is not what `grade batch` writes: {problem}") from None
