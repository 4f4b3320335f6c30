"""What a batch publishes: `grades.csv`, `manifest.json`, and a `report.json` for each submission that has a report.

A function of submissions and results: no time, no order of arrival, nothing of the machine. Each file is whole or not there.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from threadmarks.batch import files
from threadmarks.batch.intake import Intake
from threadmarks.batch.outcome import Outcome
from threadmarks.lms.layout import Owner
from threadmarks.lms.remarks import Remark
from threadmarks.lms.table import neutral
from threadmarks.model import Report
from threadmarks.report import json as report_json

MANIFEST_SCHEMA = "threadmarks/manifest/1"
GRADES = "grades.csv"
MANIFEST = "manifest.json"
REPORTS = "reports"
COLUMNS = (
    "id", "name", "members", "exercise", "status", "verdict", "score", "max_score", "ungraded", "late", "penalty", "mark",
    "attempt", "attempts", "attention", "remarks", "file", "report",
)  # fmt: skip

_PLAIN = re.compile(r"(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))[a-z0-9][a-z0-9._-]{0,60}")
"""Without the names that Windows keeps for devices."""


def publish(out: Path, intake: Intake, outcomes: Sequence[Outcome], report: Callable[[Outcome], Report | None]) -> None:
    """Write everything. Raises files.OutputProblem."""
    for outcome in outcomes:
        found = report(outcome)
        place = out / report_path(outcome)
        if found is None:
            files.remove(place)  # of a run before, when there was one
        else:
            files.write(place, (_report(outcome, found).encode(),))
    files.write(out / GRADES, grades(outcomes))
    files.write(out / MANIFEST, manifest(intake, outcomes))


def report_path(outcome: Outcome) -> str:
    """Where a submission's report is, in the output folder. By ids: no name gets into a path."""
    submission = outcome.submission
    attempt = f"-{submission.number}" if submission.attempts > 1 else ""
    return f"{REPORTS}/{safe_name(submission.owner.key)}/{submission.exercise}{attempt}/report.json"


def safe_name(text: str) -> str:
    """The text as a file's name on every system, different for different texts, whatever they hold."""
    lower = text.lower()
    if _PLAIN.fullmatch(text) and not text.endswith("."):
        return text
    plain = re.sub(r"[^a-z0-9]+", "-", lower).strip("-")[:40]
    mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{plain or 'x'}-{mark}"


def _report(outcome: Outcome, report: Report) -> str:
    value = report_json.as_object(report)
    return report_json.dumps({**value, "submission": as_object(outcome)})


def grades(outcomes: Iterable[Outcome]) -> Iterator[bytes]:
    """The table, a row for each submission: UTF-8 with a mark that spreadsheets know it by, every cell quoted where it must be."""
    yield b"\xef\xbb\xbf" + _row(COLUMNS)
    for outcome in outcomes:
        yield _row(_cells(outcome))


def _cells(outcome: Outcome) -> list[str]:
    submission = outcome.submission
    owner = submission.owner
    cells = {
        "id": owner.mark_id,
        "name": owner.name,
        "members": "; ".join(member[0][1] for member in owner.members if member),
        "exercise": submission.exercise,
        "status": submission.status.value,
        "verdict": outcome.verdict,
        "score": number(outcome.score),
        "max_score": number(outcome.max_score),
        "ungraded": number(outcome.ungraded) if outcome.score is not None else "",
        "late": outcome.lateness.said,
        "penalty": number(outcome.penalty),
        "mark": number(outcome.mark),
        "attempt": str(submission.number),
        "attempts": str(submission.attempts),
        "attention": "yes" if outcome.attention else "",
        "remarks": "; ".join(told(remark) for remark in submission.remarks)
        + (f"; {outcome.fault}" if outcome.fault else ""),
        "file": submission.path,
        "report": report_path(outcome) if outcome.score is not None else "",
    }
    return [neutral(cells[name]) for name in COLUMNS]


def told(remark: Remark) -> str:
    """A remark as a sentence with its code."""
    return f"{remark.path} {remark.text}".strip() + f" [{remark.code}]"


def number(value: float | None) -> str:
    """A number with a point, without a needless fraction; "" for none."""
    return "" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


def _row(cells: Iterable[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode()


def manifest(intake: Intake, outcomes: Sequence[Outcome]) -> Iterator[bytes]:
    """Every submission with the system's ids, every file with what became of it: one object, an entry a line."""
    head = {"schema": MANIFEST_SCHEMA, "layout": intake.layout, "exercises": list(intake.exercises)}
    yield (_line(head)[:-1] + ',\n"submissions": [').encode()
    for index, outcome in enumerate(outcomes):
        yield f"{',' if index else ''}\n{_line(as_object(outcome))}".encode()
    yield b'\n],\n"remarks": ['
    for index, remark in enumerate(intake.remarks):
        yield f"{',' if index else ''}\n{_line(_remark(remark))}".encode()
    yield b"\n]}\n"


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=True)


def as_object(outcome: Outcome) -> dict[str, Any]:
    """A submission in plain JSON values."""
    submission = outcome.submission
    return {
        "owner": _owner(submission.owner),
        "exercise": submission.exercise,
        "status": submission.status.value,
        "file": submission.path,
        "result": outcome.key,
        "report": report_path(outcome) if outcome.score is not None else "",
        "attempt": submission.number,
        "attempts": submission.attempts,
        "submitted": submission.submitted.isoformat() if submission.submitted else None,
        "late": outcome.lateness.late,
        "late_seconds": outcome.lateness.seconds,
        "late_percent": outcome.lateness.percent,
        "verdict": outcome.verdict,
        "score": outcome.score,
        "max_score": outcome.max_score,
        "ungraded": outcome.ungraded,
        "penalty": outcome.penalty,
        "mark": outcome.mark,
        "attention": outcome.attention,
        "fault": outcome.fault,
        "remarks": [_remark(remark) for remark in submission.remarks],
    }


def _owner(owner: Owner) -> dict[str, Any]:
    return {
        "key": owner.key,
        "name": owner.name,
        "ids": dict(owner.ids),
        "members": [dict(member) for member in owner.members],
    }


def _remark(remark: Remark) -> dict[str, Any]:
    return {"file": remark.path, "code": remark.code, "text": remark.text}
