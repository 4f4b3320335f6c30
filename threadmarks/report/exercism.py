"""The report as Exercism's test runner writes it (`results.json`, version 3), of what students may know.

A runner there ends with 0 whatever the result; `grade` does not, so a script around it must. A status is `error` where nothing of the file could be tried.
"""

import json
from typing import Any

from threadmarks.explain.safe import one_line
from threadmarks.model import CheckResult, Report, Verdict
from threadmarks.report.json import message
from threadmarks.report.student import for_student

MOST_OUTPUT = 500
_NOT_LOADED = frozenset({"syntax-error", "import-error", "missing-module"})


def render(report: Report) -> str:
    """The object."""
    told = for_student(report)
    broken = next((finding for finding in told.findings if finding.code in _NOT_LOADED), None)
    value: dict[str, Any] = {"version": 3, "tests": [_test(check) for check in told.checks]}
    if broken is not None:
        value |= {"status": "error", "message": one_line(broken.message), "tests": []}
    elif told.verdict is Verdict.GRADER_FAULT:
        value |= {"status": "error", "message": "The grader itself failed. This is not your fault."}
    else:
        value["status"] = "pass" if told.verdict is Verdict.PASSED else "fail"
    return json.dumps(value, indent=2) + "\n"


def _test(check: CheckResult) -> dict[str, Any]:
    test: dict[str, Any] = {"name": one_line(check.spec.title)}
    if check.passed:
        return {**test, "status": "pass"}
    if not check.graded:
        return {**test, "status": "error", "message": "This could not be graded. It is not your fault."}
    seen = "\n".join(f"{one_line(each.measured)}: {one_line(each.seen)}" for each in check.findings if each.seen)
    said = one_line(message(check)) or check.verdict.value
    output = seen if len(seen) <= MOST_OUTPUT else seen[: MOST_OUTPUT - 1] + "…"
    return {**test, "status": "fail", "message": said, **({"output": output} if output else {})}
