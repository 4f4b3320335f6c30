"""`expect`: how a check says what it wants, what it saw, and what a difference usually means.

The values are turned to text here, whole; a renderer shortens them around their first difference. Unequal values never
give equal texts.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypedDict, Unpack

from threadmarks.errors import GraderFault
from threadmarks.judge.failure import CheckFailed, Failure, place_at
from threadmarks.model import Finding, Place, Verdict


class HasLine(Protocol):
    """A note, a thread record, a wait record, a frame: anything that names a line of the student's file."""

    @property
    def line(self) -> int: ...


Where = Place | HasLine | int | None
NOTHING = object()
"""No value to compare: a race, for example, is symmetric."""


class Details(TypedDict, total=False):
    """What a finding may say beyond its code and its message."""

    measured: str  # what was measured, in words
    seen: Any  # plain values; leave both out where there is nothing to compare
    wanted: Any
    means: str  # the misconception that this usually shows
    place: Where  # a line of the student's file, or anything that has one


class Expect:
    """Callable; see `__call__`. `note` adds a remark that costs nothing."""

    def __init__(self) -> None:
        self._notes: list[Finding] | None = None

    def __call__(self, ok: bool, *, code: str, message: str, **details: Unpack[Details]) -> None:
        """Fail the check unless `ok`.

        `code` is stable and kebab-case. `message` is one sentence in the learner's words. See `Details` for the rest.
        """
        if ok is not True and ok is not False:
            raise GraderFault(f"expect got {ok!r} where a bool is due (code {code!r})")
        if not ok:
            finding = _finding(code, message, details, costs_points=True)
            raise CheckFailed(Failure(finding=finding, verdict=Verdict.FAILED))

    def note(self, *, code: str, message: str, **details: Unpack[Details]) -> None:
        """Add a remark to the check: a finding that costs no points. The same code is noted once a check."""
        if self._notes is None:
            raise GraderFault("expect.note was called outside a check")
        if all(finding.code != code for finding in self._notes):
            self._notes.append(_finding(code, message, details, costs_points=False))

    @contextmanager
    def collecting(self, into: list[Finding]) -> Iterator[None]:
        """Send the notes of one check to `into`. For the plugin; checks run one after the other."""
        self._notes = into
        try:
            yield
        finally:
            self._notes = None


def _finding(code: str, message: str, details: Details, *, costs_points: bool) -> Finding:
    seen, wanted = texts(details.get("seen", NOTHING), details.get("wanted", NOTHING))
    return Finding(
        code=code,
        message=message,
        measured=details.get("measured", ""),
        seen=seen,
        wanted=wanted,
        means=details.get("means", ""),
        place=_place(details.get("place")),
        costs_points=costs_points,
    )


def _place(where: Where) -> Place | None:
    if where is None or isinstance(where, Place):
        return where
    return place_at(where if isinstance(where, int) else where.line)


def texts(seen: Any, wanted: Any) -> tuple[str, str]:
    """Both values as text. A string stands as it is, unless that would make two unequal values look the same."""
    shown = _plain(seen), _plain(wanted)
    if shown[0] == shown[1] and seen is not NOTHING and wanted is not NOTHING:
        return _exact(seen), _exact(wanted)
    return shown


def _plain(value: Any) -> str:
    if value is NOTHING:
        return ""
    return value if type(value) is str and value else _exact(value)


def _exact(value: Any) -> str:
    """Python's own spelling; what JSON brought back from a run reads as the student wrote it, but for tuples."""
    if value is NOTHING:
        return ""
    if type(value) is dict and value.keys() == {"type"}:  # how the wire tells what was not a plain value
        return f"an object of type {value['type']}"
    try:
        return repr(value)
    except Exception:  # a grader's own object with a broken repr must not hide the finding
        return json.dumps(value, default=lambda item: type(item).__name__)


expect = Expect()
"""The one that graders import."""
