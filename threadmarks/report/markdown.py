"""The report as Markdown: for systems that take text with marks of its own, and for mail.

The same order as `text`, without pictures. Whatever came from a student's program stands in code, where no mark of Markdown's counts, or is
escaped; raw HTML cannot come about.
"""

import re
from collections.abc import Iterator, Sequence

from threadmarks.explain import story as stories
from threadmarks.explain.numbers import points
from threadmarks.explain.safe import one_line
from threadmarks.explain.values import alone, pair
from threadmarks.explain.waits import sentences
from threadmarks.model import CheckResult, Finding, Report, Verdict
from threadmarks.report.text import score_line, word

_MARKS = re.compile(r"([\\`*_\[\]<>|&~$#])")
_LEADING = re.compile(r"^([-+=]|\d+(?=[.)]))")


def render(report: Report, *, title: str = "", said: Sequence[str] = ()) -> str:
    """The whole report. `said` are sentences that go under the score."""
    lines = [f"# {_text(f'{report.exercise} {title}'.strip())}", "", f"**{_text(score_line(report))}**", ""]
    for sentence in said:
        lines += [_text(sentence), ""]
    for finding in report.findings:
        lines += _finding(finding)
    lines += ["| No. | Verdict | Points | What it checks |", "| ---: | --- | ---: | --- |"]
    lines += [_row(number, check) for number, check in enumerate(report.checks, 1)]
    lines.append("")
    for number, check in enumerate(report.checks, 1):
        if not check.passed or check.findings:
            lines += _check(number, check)
    return "\n".join(lines).rstrip() + "\n"


def _row(number: int, check: CheckResult) -> str:
    got = points(check.score) if check.graded else "–"  # noqa: RUF001  # a dash is meant
    return f"| {number} | {word(check.verdict)} | {got}/{check.spec.points} | {_text(check.spec.title)} |"


def _check(number: int, check: CheckResult) -> Iterator[str]:
    yield f"## Check {number}: {word(check.verdict)}"
    yield ""
    yield _text(check.spec.title)
    yield ""
    if check.verdict is Verdict.GRADER_FAULT:
        yield from ("The grader itself failed here. This is not your fault and costs no points.", "")
    elif check.verdict is Verdict.SUSPECT:
        yield from ("This check gives no automatic marks. It costs you nothing; an instructor will look at it.", "")
    for finding in check.findings:
        yield from _finding(finding)
    if check.story is not None:
        for step, (sentence, source) in enumerate(stories.steps(check.story), 1):
            told = sentence.partition(" ")[2]
            yield f"{step}. {_text(told)}" + (f"  {_code(source)}" if source else "")
        yield from ("", _text(check.story.sentence), "")


def _finding(finding: Finding) -> Iterator[str]:
    note = "" if finding.costs_points else "Note, costs no points: "
    yield f"**{note}{_text(finding.message)}** ({_code(finding.code)})"
    yield ""
    seen, wanted = alone(finding.seen), alone(finding.wanted)
    if finding.seen and finding.wanted:
        shown = pair(finding.seen, finding.wanted)
        seen, wanted = shown.seen, shown.wanted
    rows = [(label, _code(value)) for label, value in (("seen", seen), ("wanted", wanted)) if value]
    if finding.measured:
        rows.insert(0, ("measured", _text(finding.measured)))
    if finding.place is not None:
        line = f", line {finding.place.line}" if finding.place.line else ""
        source = f": {_code(finding.place.text.strip())}" if finding.place.text.strip() else ""
        rows.append(("where", f"{_text(finding.place.file)}{line}{source}"))
    rows += [("waits", _text(sentence)) for sentence in sentences(finding.waits)]
    if finding.means:
        rows.append(("means", _text(finding.means)))
    for label, value in rows:
        yield f"- {label}: {value}"
    if rows:
        yield ""


def _text(text: str) -> str:
    """Text in which no character is a mark."""
    shown = _MARKS.sub(r"\\\1", one_line(text.replace("\n", " ")).strip())
    return _LEADING.sub(lambda found: f"&#{ord(found[1][0])};{found[1][1:]}", shown)


def _code(text: str) -> str:
    """Text as code on one line, in more backquotes than it has itself; a bar would end a table's cell and is none here."""
    shown = one_line(text)
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    return f"{fence} {shown} {fence}" if shown.startswith("`") or shown.endswith("`") else f"{fence}{shown}{fence}"
