"""What a batch says to students and of its class: `feedback.html`, `.md` and `.json` beside each report, `class.html`, `junit.xml`.

A function of submissions and results, as `outputs` is. Feedback goes through `report.student`: a hidden check's expectation never gets into it.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

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
CLASS = "class.html"
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
    for outcome in outcomes:
        found = report(outcome)
        source = text(outcome) if found is not None else ""
        data.add(outcome, found, source)
        made = _feedback(outcome, found, source, exercises) if found is not None else {}
        for name in FEEDBACK:
            place = (out / outputs.report_path(outcome)).with_name(name)
            if name in made:
                files.write(place, (made[name].encode("utf-8", "backslashreplace"),))
            else:
                files.remove(place)  # of a run before, when there was one
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


def _feedback(outcome: Outcome, report: Report, source: str, exercises: dict[str, Exercise]) -> dict[str, str]:
    """The three files by name."""
    told, title = for_student(report), exercises[report.exercise].title
    said = sentences(outcome)
    page = html.HtmlOptions(title=title, source=source, said=said)
    value: dict[str, Any] = {**report_json.as_object(told), "schema": SCHEMA, "mark": _mark(outcome)}
    return {
        "feedback.html": html.render(told, page),
        "feedback.md": markdown.render(told, title=title, said=said),
        "feedback.json": report_json.dumps(value),
    }


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
