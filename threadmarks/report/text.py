"""The report as text: what a student reads after `grade ex02`.

First the score, then every check in one line, then each failed check in full, then what to do next. Readable at 80 columns,
without colour and aloud: every verdict is a word, and the words come before the picture. A finding that many checks share
is told once, so that an untouched stub gets a short answer.
"""

from dataclasses import dataclass

from threadmarks.explain import tried
from threadmarks.explain.numbers import counted, points
from threadmarks.explain.safe import one_line
from threadmarks.model import CheckResult, Report, Verdict
from threadmarks.report.details import Details
from threadmarks.report.layout import Page, Paint, Role, plain

ROLES = {Verdict.PASSED: Role.PASSED, Verdict.GRADER_FAULT: Role.UNGRADED, Verdict.SUSPECT: Role.UNGRADED}
"""Every other verdict is NOT_PASSED."""
HIDDEN = "hidden_checks"
"""The key of `Report.extra` for a sentence about checks that are not here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextOptions:
    """How to write the text, and how the reader calls the program."""

    title: str = ""  # the exercise's title
    width: int = 80
    paint: Paint = plain
    picture: bool = True  # False: timelines as sentences
    program: str = "grade"  # what the reader types, e.g. "python cli.py"
    next_step: str = ""  # a command; "" when there is nothing to say
    instructor: bool = False  # True: what is not for the student is told as well
    replayed: str = ""  # the token, when this is a replay: then every check is told in full


def render(report: Report, options: TextOptions) -> str:
    """The whole report. Ends with a line break."""
    page = Page(options.width, options.paint)
    _head(page, report, options)
    details = Details(page, report, program=options.program, picture=options.picture, replay=bool(options.replayed))
    details.about_the_file()
    _overview(page, report)
    details.about_the_checks()
    if options.instructor:
        details.for_the_instructor()
    _foot(page, report, options)
    return page.text()


def _head(page: Page, report: Report, options: TextOptions) -> None:
    title = f"{report.exercise}  {one_line(options.title)}".rstrip()
    page.paragraph(title, role=Role.HEADING)
    page.paragraph(
        f"{one_line(report.file)}, Python {report.python}, threadmarks {report.kit}", hang=2, role=Role.QUIET
    )
    if "built_upon" in report.extra:
        page.paragraph(f"Built upon {one_line(report.extra['built_upon'])}", hang=2, role=Role.QUIET)
    if HIDDEN in report.extra:
        page.paragraph(one_line(report.extra[HIDDEN]), hang=2, role=Role.QUIET)
    if options.replayed:
        page.raw(f"Replay of {one_line(options.replayed)}")
    page.blank()
    page.paragraph(score_line(report), role=ROLES.get(report.verdict, Role.NOT_PASSED))
    if report.ungraded:
        page.paragraph(
            f"{counted_points(report.ungraded)} could not be graded. That is not your fault, and it costs you nothing."
        )


def score_line(report: Report) -> str:
    """`Not passed: 14 of 20 points.`, and how many checks failed. Where none of them costs points, that is said."""
    score = f"{points(report.score)} of {counted_points(report.max_score)}"
    if report.verdict is Verdict.PASSED:
        return f"Passed: {score}."
    if not report.max_score and report.ungraded:
        return "Not graded: the grader failed."
    failed = sum(check.graded and not check.passed for check in report.checks)
    graded = sum(check.graded for check in report.checks)
    if failed and report.score == report.max_score:  # only such as give none
        few = f"{counted(failed, 'check')} that {'gives' if failed == 1 else 'give'} no points failed"
        return f"Not passed: {score}, but {few}. Every check has to pass."
    rest = f" {failed} of {counted(graded, 'check')} failed." if failed else ""
    word = "Not passed" if failed or report.score < report.max_score else "Incomplete"
    return f"{word}: {score}.{rest}"


def counted_points(value: float) -> str:
    """`1 point`, `2.5 points`."""
    return f"{points(value)} point{'' if value == 1 else 's'}"


def _overview(page: Page, report: Report) -> None:
    if not report.checks:
        return
    page.blank()
    page.paragraph("Checks", role=Role.HEADING)
    words = {id(check): word(check.verdict) for check in report.checks}
    width = max(len(each) for each in words.values())
    for number, check in enumerate(report.checks, start=1):
        rest = f"{' ' * (width - len(words[id(check)]))}  {_score(check):>5}  "
        lead = f"{number:>3}. "
        verdict = words[id(check)]
        page.row(lead, verdict, rest, one_line(check.spec.title), role=ROLES.get(check.verdict, Role.NOT_PASSED))


def word(verdict: Verdict) -> str:
    """The verdict as the list of checks spells it: what is not passed stands out without colour."""
    return verdict.value if verdict is Verdict.PASSED else verdict.value.upper()


def _score(check: CheckResult) -> str:
    if not check.graded:
        return f"-/{check.spec.points}"
    return f"{check.score}/{check.spec.points}"


def _foot(page: Page, report: Report, options: TextOptions) -> None:
    for number, sentence in enumerate(tried.drawn(report.checks)):
        if not number:
            page.blank()
        page.paragraph(sentence)
    codes = any(finding.code for check in report.checks for finding in check.findings) or bool(report.findings)
    page.blank()
    if codes:
        page.labelled("Codes", f"{options.program} explain CODE says more about a code in [brackets].")
    if options.next_step:
        page.raw("Next".ljust(11) + options.next_step, role=None)
