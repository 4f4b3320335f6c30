"""The report as PrairieLearn's external grader writes it (`results.json`), of what students may know.

`gradable` is false where the grader failed at all of it: then no attempt is counted there. Points of checks that could not be graded are left out
of what the score is a share of.
"""

import json
from typing import Any

from threadmarks.explain.safe import one_line
from threadmarks.model import CheckResult, Report
from threadmarks.report.json import message
from threadmarks.report.student import for_student
from threadmarks.report.text import score_line


def render(report: Report) -> str:
    """The object."""
    told = for_student(report)
    value: dict[str, Any] = {
        "gradable": bool(told.max_score) or not told.ungraded,
        "score": round(told.score / told.max_score, 6) if told.max_score else 0.0,
        "message": score_line(told),
        "output": "\n".join(one_line(finding.message) for finding in told.findings),
        "tests": [_test(check) for check in told.checks if check.graded],
    }
    return json.dumps(value, indent=2) + "\n"


def _test(check: CheckResult) -> dict[str, Any]:
    return {
        "name": one_line(check.spec.title),
        "description": one_line(check.spec.concept),
        "points": check.score,
        "max_points": check.max_score,
        "message": "" if check.passed else one_line(message(check)) or check.verdict.value,
        "output": "\n".join(one_line(finding.message) for finding in check.findings),
    }
