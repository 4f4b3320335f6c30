"""From checks to a report: points, the policy's cap, the verdict on the whole.

Exact arithmetic on what the checks declare. A check that could not be graded neither costs nor gives points.
"""

import platform
from collections.abc import Iterable

from threadmarks import __version__
from threadmarks.model import CheckResult, Finding, Report, Verdict

GRAVITY = (
    Verdict.PASSED,
    Verdict.POLICY,
    Verdict.FAILED,
    Verdict.LEAK,
    Verdict.RACE,
    Verdict.DEADLOCK,
    Verdict.HANG,
    Verdict.CRASHED,
    Verdict.SUSPECT,
    Verdict.GRADER_FAULT,
)
"""From the mildest to the gravest. What could not be graded is last: the report as a whole is then not complete."""

POLICY_SHARE = 0.5
"""The share of the points that is left to a submission that uses what its exercise forbids."""


def gravest(verdicts: Iterable[Verdict]) -> Verdict:
    """The gravest verdict; passed when there is none."""
    return max(verdicts, key=GRAVITY.index, default=Verdict.PASSED)


def make_report(
    *,
    exercise: str,
    file: str,
    checks: tuple[CheckResult, ...],
    findings: tuple[Finding, ...],
    extra: dict[str, str] | None = None,
) -> Report:
    """The report. A finding "policy" caps the score at `POLICY_SHARE` of the graded points."""
    forbidden = any(finding.code == "policy" for finding in findings)
    max_score = float(sum(check.max_score for check in checks))
    score = float(sum(check.score for check in checks))
    if forbidden:
        score = min(score, max_score * POLICY_SHARE)
    verdicts = [check.verdict for check in checks]
    return Report(
        exercise=exercise,
        file=file,
        verdict=gravest([*verdicts, Verdict.POLICY] if forbidden else verdicts),
        checks=checks,
        findings=findings,
        score=score,
        max_score=max_score,
        ungraded=float(sum(check.spec.points for check in checks if not check.graded)),
        python=".".join(platform.python_version_tuple()[:2]),
        kit=__version__,
        extra=extra or {},
    )
