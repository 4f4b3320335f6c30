"""The report as Gradescope's `results.json`.

No test is "hidden": one that is hides the student's total. A hidden check is told as students may know it instead. `score` is given, for the sum of
the tests is not the score where the exercise's policy caps it.
"""

import json
from typing import Any

from threadmarks.explain.numbers import points
from threadmarks.explain.safe import one_line
from threadmarks.model import CheckResult, Report, Verdict
from threadmarks.report.student import for_student
from threadmarks.report.text import score_line

MOST_TEXT = 20_000
"""Characters of one output: pages with more are slow there."""


def render(report: Report) -> str:
    """The object, for a report of any kind."""
    return json.dumps(as_object(for_student(report)), indent=2, allow_nan=False) + "\n"


def as_object(told: Report) -> dict[str, Any]:
    """Plain JSON values. `told` is a student's report."""
    lines = [score_line(told), *(one_line(finding.message) for finding in told.findings)]
    if told.ungraded:
        lines.append(
            f"{points(told.ungraded)} points could not be graded. That costs you nothing; an instructor will look."
        )
    return {
        "score": told.score,
        "output": _text("\n".join(lines)),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {
            "schema": "threadmarks/gradescope/1",
            "exercise": told.exercise,
            "verdict": told.verdict.value,
            "ungraded": told.ungraded,
            "rung": told.extra.get("rung", ""),
            "kit": told.kit,
        },
        "tests": [_test(number, check) for number, check in enumerate(told.checks, 1)],
    }


def _test(number: int, check: CheckResult) -> dict[str, Any]:
    return {
        "name": _text(one_line(check.spec.title)),
        "name_format": "text",
        "number": str(number),
        "score": float(check.score),
        "max_score": float(check.max_score),
        "status": "passed" if check.passed else "failed",
        "output": _text("\n".join(_lines(check))),
        "output_format": "text",
        "tags": [check.spec.concept] if check.spec.concept else [],
        "visibility": "visible",
        "extra_data": {"check": check.spec.name, "verdict": check.verdict.value},
    }


def _lines(check: CheckResult) -> list[str]:
    """What is said of a check: its verdict, each finding, and the story of the failing schedule."""
    if check.passed and not check.findings:
        return []
    if check.verdict is Verdict.GRADER_FAULT:
        return ["The grader itself failed here. This costs no points."]
    if check.verdict is Verdict.SUSPECT:
        return ["This check gives no automatic marks. It costs you nothing; an instructor will look at it."]
    lines = [] if check.passed else [f"{check.verdict.value.upper()}"]
    for finding in check.findings:
        lines.append(f"{one_line(finding.message)} [{one_line(finding.code)}]")
        rows = (
            ("measured", finding.measured),
            ("seen", finding.seen),
            ("wanted", finding.wanted),
            ("means", finding.means),
        )
        lines += [f"  {label}: {one_line(value)}" for label, value in rows if value]
        if finding.place is not None and finding.place.line:
            lines.append(f"  line {finding.place.line}: {one_line(finding.place.text.strip())}")
    if check.story is not None:
        lines += [f"  {one_line(step.actor)} {one_line(step.text)}" for step in check.story.steps]
        lines.append(f"  {one_line(check.story.sentence)}")
    return lines


def _text(text: str) -> str:
    """Unicode of a bounded length: half characters are no JSON for everybody."""
    clean = text.encode("utf-8", "backslashreplace").decode()
    return clean if len(clean) <= MOST_TEXT else f"{clean[:MOST_TEXT]}\n(cut here)"
