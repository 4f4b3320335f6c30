"""What of a report is for the student: everything about a visible check, of a hidden one its title, its message and what the program did.

What a hidden check measures, wants and takes for the misconception stays with the instructor, and so does everything that would run it again.
Timelines and stories are the student's own program's doing and hold no expectation. What is the instructor's of any check (both accounts, a
witness's remarks, a grader's fault with its traceback) goes too. Every renderer for students gets its report from here.
"""

from dataclasses import replace

from threadmarks.model import CheckResult, Finding, Report, Visibility

INSTRUCTORS = frozenset({"unwitnessed"})
"""Keys of `Report.extra` that are not for students."""


def for_student(report: Report) -> Report:
    """The report without what a student is not to know."""
    return replace(
        report,
        checks=tuple(_check(check) for check in report.checks),
        extra={name: value for name, value in report.extra.items() if name not in INSTRUCTORS},
    )


def _check(check: CheckResult) -> CheckResult:
    told = replace(check, accounts=(), remarks=(), fault="")
    if check.spec.visibility is Visibility.VISIBLE:
        return told
    return replace(
        told,
        spec=replace(check.spec, witness=()),
        findings=tuple(_finding(finding) for finding in check.findings),
        token="",
        explored=(),
        schedules=0,
    )


def _finding(finding: Finding) -> Finding:
    return replace(finding, measured="", seen="", wanted="", means="")
