"""The report as Autolab reads it: text for the student, and a last line of JSON with a score for each problem.

A problem is a check, by its name. What the exercise's policy takes off the sum stands in `source-policy`, as a negative score, so that Autolab's sum is the score.
"""

import json

from threadmarks.model import Report
from threadmarks.report import text
from threadmarks.report.student import for_student

POLICY = "source-policy"


def render(report: Report) -> str:
    """The text, and the line."""
    told = for_student(report)
    scores: dict[str, float] = {check.spec.name: check.score for check in told.checks}
    scores[POLICY] = round(told.score - sum(scores.values()), 2) or 0.0
    return text.render(told, text.TextOptions()) + json.dumps({"scores": scores}) + "\n"
