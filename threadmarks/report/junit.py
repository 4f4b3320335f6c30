"""Reports as JUnit XML: what continuous integration shows as tests. A suite a submission, a case a check.

There is no schema that everybody keeps; this is the part that Jenkins, GitLab and GitHub's actions agree on. A check that is a person's to decide
is skipped, a fault of the grader's is an error: neither is the student's failure. No times: they are no property of a verdict.
"""

import re
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape, quoteattr

from threadmarks.explain.safe import one_line
from threadmarks.model import CheckResult, Report, Verdict
from threadmarks.report.json import message

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report) -> str:
    """One report as a document."""
    return "".join(document([(report.exercise, report)]))


def document(suites: Iterable[tuple[str, Report]]) -> Iterator[str]:
    """A document of suites, each a name and a report, piece by piece."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="threadmarks">\n'
    for name, report in suites:
        yield _suite(name, report)
    yield "</testsuites>\n"


def _suite(name: str, report: Report) -> str:
    checks = report.checks
    errors = sum(check.verdict is Verdict.GRADER_FAULT for check in checks)
    skipped = sum(check.verdict is Verdict.SUSPECT for check in checks)
    failures = sum(not check.passed for check in checks) - errors - skipped
    head = f'tests="{len(checks)}" failures="{failures}" errors="{errors}" skipped="{skipped}" time="0"'
    cases = "".join(_case(f"{report.exercise}.{name}", check) for check in checks)
    told = "\n".join(finding.message for finding in report.findings)
    said = f"    <system-out>{_text(told)}</system-out>\n" if told else ""
    return f"  <testsuite name={_attribute(name)} {head}>\n{cases}{said}  </testsuite>\n"


def _case(name: str, check: CheckResult) -> str:
    head = f'    <testcase classname={_attribute(name)} name={_attribute(check.spec.title)} time="0"'
    if check.passed:
        return f"{head}/>\n"
    said = message(check) or check.verdict.value
    body = "\n".join(finding.message for finding in check.findings)
    match check.verdict:
        case Verdict.GRADER_FAULT:
            inner = f"<error type={_attribute(check.verdict.value)} message={_attribute('The grader failed.')}>{_text(check.fault)}</error>"
        case Verdict.SUSPECT:
            inner = f"<skipped message={_attribute('Two accounts differ; a person decides.')}/>"
        case _:
            inner = (
                f"<failure type={_attribute(check.verdict.value)} message={_attribute(said)}>{_text(body)}</failure>"
            )
    return f"{head}>{inner}</testcase>\n"


def _text(text: str) -> str:
    return escape(_clean("\n".join(one_line(line) for line in text.split("\n"))))


def _attribute(text: str) -> str:
    return quoteattr(_clean(one_line(text)))


def _clean(text: str) -> str:
    return _NOT_XML.sub("�", text)
