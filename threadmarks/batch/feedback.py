"""What a batch says to students and of its class: `feedback.html`, `.md` and `.json` beside each report, `class.html`, `junit.xml`.

A function of submissions and results, as `outputs` is. Feedback goes through `report.student`: a hidden check's expectation never gets into it.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from threadmarks import __version__
from threadmarks.batch import files, outputs
from threadmarks.batch.class_data import ClassData
from threadmarks.batch.outcome import Outcome
from threadmarks.batch.submission import Status
from threadmarks.catalog import Exercise
from threadmarks.explain.numbers import points
from threadmarks.model import Report
from threadmarks.report import class_page, html, junit, markdown
from threadmarks.report import json as report_json
from threadmarks.report.student import for_student

SCHEMA = "threadmarks/feedback/1"
FEEDBACK = ("feedback.html", "feedback.md", "feedback.json")
STAMPS = ".threadmarks/feedback.json"
"""What the feedback that is there was made of: what would come out the same is not made again."""
JUNIT = "junit.xml"


def publish(
    out: Path,
    outcomes: Sequence[Outcome],
    report: Callable[[Outcome], Report | None],
    text: Callable[[Outcome], str],
    exercises: dict[str, Exercise],
) -> None:
    """Write everything. Raises files.OutputProblem."""
    data = ClassData(exercises, lambda outcome: feedback_path(outcome, "html"))
    before, stamps = _stamps(out), {}
    for outcome in outcomes:
        found = report(outcome)
        source = text(outcome) if found is not None else ""
        data.add(outcome, found, source)
        places = [(out / outputs.report_path(outcome)).with_name(name) for name in FEEDBACK]
        if found is None:
            for place in places:
                files.remove(place)  # of a run before, when there was one
            continue
        stamp = stamps[outputs.report_path(outcome)] = _stamp(outcome)
        if before.get(outputs.report_path(outcome)) == stamp and all(_there(place) for place in places):
            continue
        for place, made in zip(places, _feedback(outcome, found, source, exercises), strict=True):
            files.write(place, (made.encode("utf-8", "backslashreplace"),), flush=False)
    files.write(out / STAMPS, (json.dumps(stamps, indent=0).encode(),))
    pages = data.pages()
    for stale in {path.name for path in out.glob("class-*.html")} - set(pages):
        files.remove(out / stale)
    for name, page in pages.items():
        files.write(out / name, (class_page.render(page).encode("utf-8", "backslashreplace"),))
    files.write(out / JUNIT, (part.encode("utf-8") for part in junit.document(_suites(outcomes, report))))


def feedback_path(outcome: Outcome, kind: str) -> str:
    """Where a submission's feedback is, in the output folder."""
    return outputs.report_path(outcome).replace("report.json", f"feedback.{kind}")


def _suites(outcomes: Sequence[Outcome], report: Callable[[Outcome], Report | None]) -> Iterator[tuple[str, Report]]:
    for outcome in outcomes:
        found = report(outcome) if outcome.submission.status is Status.GRADED else None
        if found is not None:
            yield outcome.submission.owner.key, found


def _stamps(out: Path) -> dict[str, str]:
    """What the feedback that is there was made of; nothing when that cannot be read: it is then made again."""
    try:
        known = json.loads((out / STAMPS).read_bytes())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _stamp(outcome: Outcome) -> str:
    """A digest of all that feedback is a function of: the result (in whose name the kit's code is), the marks, the page's files."""
    parts = (outcome.key, __version__, _templates(), *sentences(outcome), report_json.dumps(_mark(outcome)))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()


@cache
def _templates() -> str:
    digest = hashlib.sha256()
    for path in sorted(html.PAGE.iterdir()):
        if path.is_file():
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _there(place: Path) -> bool:
    try:
        return place.stat().st_size > 0
    except OSError:
        return False


def _feedback(outcome: Outcome, report: Report, source: str, exercises: dict[str, Exercise]) -> tuple[str, ...]:
    """The texts of `FEEDBACK`, in its order."""
    told, title = for_student(report), exercises[report.exercise].title
    said = sentences(outcome)
    page = html.HtmlOptions(title=title, source=source, said=said)
    value: dict[str, Any] = {**report_json.as_object(told), "schema": SCHEMA, "mark": _mark(outcome)}
    return (
        html.render(told, page),
        markdown.render(told, title=title, said=said),
        report_json.dumps(value),
    )


def sentences(outcome: Outcome) -> tuple[str, ...]:
    """What became of the points, where more is to be said than the score."""
    if outcome.mark is None:
        return ()
    said = []
    if outcome.lateness.late:
        taken = outcome.penalty or 0.0
        said.append(
            f"Handed in {outcome.lateness.said}: {points(taken)} of the points are taken for that, which leaves {points(outcome.mark)}."
        )
    if outcome.submission.attempts > 1:
        said.append(f"This is attempt {outcome.submission.number} of {outcome.submission.attempts}.")
    if outcome.submission.status is Status.SUPERSEDED:
        said.append("Another attempt counts instead of this one.")
    said += [
        f"{remark.path.rpartition('/')[2]} {remark.text}."
        for remark in outcome.submission.remarks
        if not remark.harmless
    ]
    return tuple(said)


def _mark(outcome: Outcome) -> dict[str, Any]:
    submission = outcome.submission
    return {
        "mark": outcome.mark,
        "penalty": outcome.penalty,
        "late": outcome.lateness.late,
        "late_seconds": outcome.lateness.seconds,
        "attempt": submission.number,
        "attempts": submission.attempts,
        "counts": submission.status is Status.GRADED,
    }
