"""The report as check50's JSON, of what students may know. `passed` is null where there is no verdict: skipped, as there."""

import json
from typing import Any

from threadmarks import __version__
from threadmarks.explain.safe import one_line
from threadmarks.model import CheckResult, Report
from threadmarks.report.student import for_student


def render(report: Report) -> str:
    """The object."""
    told = for_student(report)
    value = {
        "slug": f"threadmarks/{told.exercise}",
        "results": [_result(check) for check in told.checks],
        "version": __version__,
    }
    return json.dumps(value, indent=2) + "\n"


def _result(check: CheckResult) -> dict[str, Any]:
    return {
        "name": check.spec.name,
        "description": one_line(check.spec.title),
        "passed": check.passed if check.graded else None,
        "log": [one_line(finding.message) for finding in check.findings],
        "cause": None if check.passed else _cause(check),
        "data": {"points": check.score, "max_points": check.max_score, "verdict": check.verdict.value},
        "dependency": None,
    }


def _cause(check: CheckResult) -> dict[str, Any]:
    """Of the first finding that costs points; values whole, never cut to the same text."""
    finding = next((each for each in check.findings if each.costs_points), None)
    if finding is None or not check.graded:
        why = check.verdict.value if check.graded else "could not be graded; that is not your fault"
        return {"rationale": why, "help": None}
    cause: dict[str, Any] = {"rationale": one_line(finding.message), "help": one_line(finding.means) or None}
    if finding.seen or finding.wanted:
        cause |= {"expected": one_line(finding.wanted), "actual": one_line(finding.seen)}
    return cause
