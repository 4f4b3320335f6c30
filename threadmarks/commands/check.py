"""`grade ex02 [FILE]`: grade one file and say what was found."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from threadmarks import progress
from threadmarks.commands import console, pages, settings
from threadmarks.commands.exits import ExitCode
from threadmarks.explain.numbers import counted

if TYPE_CHECKING:
    from threadmarks.catalog import Exercise
    from threadmarks.model import Report


FORMATS = ("autolab", "check50", "exercism", "gradescope", "junit", "prairielearn")
"""Modules of `report` with a `render(report)` for a system that is not ours."""


@click.command(short_help="Grade a file (the word `check` may be left out).")
@click.argument("exercise")
@click.argument("file", required=False)
@console.json_option
@click.option("--format", "form", type=click.Choice(FORMATS), help="Print the result as another system reads it.")
@console.plain_option
@pages.html_option
@settings.official_options
@click.option(
    "--chain", is_flag=True, help="With --official: build on the student's own files, not on reference solutions."
)
@click.option("--no-record", is_flag=True, help="Do not keep the score for the board.")
def check(  # noqa: PLR0913  # the command's options, one parameter each
    exercise: str,
    file: str | None,
    *,
    as_json: bool,
    form: str | None,
    plain: bool,
    no_record: bool,
    page: str | None,
    official: bool,
    rung: str | None,
    secret_file: str | None,
    chain: bool,
) -> ExitCode:
    """Grade FILE as a solution of EXERCISE. The word `check` may be left out.

    Without FILE: ex02.py in this folder, exercises/ex02.py or exercises/ex02_.../ex02.py below it.
    What an exercise builds on is looked for beside FILE, then there too; with --official it is the reference solution,
    unless --chain is given.

    \b
    Examples:
      grade ex02
      grade ex02 my/pool.py
      grade ex02 --json > report.json
      grade ex02 --html report.html
      grade ex02 my/pool.py --official --secret-file secret.txt

    \b
    Exit codes: 0 all points, 1 not all points, 2 cannot be graded as asked,
    3 the grader failed (not your fault).
    """
    from threadmarks.commands import foundations, submissions
    from threadmarks.judge import grade_source
    from threadmarks.sandbox import saferead
    from threadmarks.sandbox.ladder import Rung

    pages.check(page)
    terms = settings.terms(official=official, rung=rung, secret_file=secret_file)
    found = submissions.find(exercise, file, console.program())
    source = saferead.read(found.name, strict=terms.official)
    own = chain or not terms.official
    built_upon = foundations.own(found, console.program(), strict=terms.official) if own else None
    with console.working(f"Grading {found.exercise.id}") as indicator:
        report = grade_source(
            found.exercise,
            source,
            secret=terms.secret,
            progress=indicator.progress,
            official=terms.official,
            lowest=Rung(terms.lowest) if terms.lowest else None,
            built_upon=built_upon,
        )
    report = _with_hidden(found.exercise, report)
    if not no_record:
        _record(report)
    if page is not None:
        from threadmarks.report import html

        shown = html.HtmlOptions(title=found.exercise.title, source=source.text, program=console.program())
        pages.write(page, report, shown)
    if form is not None:
        from importlib import import_module

        console.answer(import_module(f"threadmarks.report.{form}").render(report))
        return exit_code(report)
    _print(found.exercise, report, as_json=console.wants_json(as_json), plain=plain)
    return exit_code(report)


def _with_hidden(exercise: "Exercise", report: "Report") -> "Report":
    """In a release for students: with how many checks are not here."""
    from threadmarks.report.text import HIDDEN

    hidden = exercise.hidden()
    if hidden is None or not hidden.checks:
        return report
    told = (
        f"{counted(hidden.checks, 'hidden check')} ({counted(hidden.points, 'point')}) more when it is graded for marks"
    )
    return replace(report, extra={**report.extra, HIDDEN: told})


def exit_code(report: "Report") -> ExitCode:
    """0 only for a pass; 3 when a part could not be graded through the grader's fault, whatever the rest says."""
    from threadmarks.model import Verdict

    if report.verdict is Verdict.GRADER_FAULT or any(each.verdict is Verdict.GRADER_FAULT for each in report.checks):
        return ExitCode.GRADER_FAULT
    return ExitCode.PASSED if report.verdict is Verdict.PASSED else ExitCode.NOT_PASSED


def _record(report: "Report") -> None:
    from threadmarks.model import Verdict

    score, max_score, passed = report.score, report.max_score, report.verdict is Verdict.PASSED
    try:
        updated = progress.record(
            Path(), lambda old: old.with_grading(report.exercise, score=score, max_score=max_score, passed=passed)
        )
    except progress.ProgressError as problem:
        console.warn(str(problem))
        return
    for warning in updated.warnings:
        console.warn(warning)


def _print(exercise: "Exercise", report: "Report", *, as_json: bool, plain: bool) -> None:
    if as_json:
        from threadmarks.report import json

        console.answer(json.render(report))
        return
    from threadmarks.report import text

    options = text.TextOptions(
        title=exercise.title,
        width=console.width(),
        paint=console.paint(allowed=not plain),
        picture=not plain,
        program=console.program(),
        next_step=_next_step(exercise, report),
        instructor="official" in report.extra,
    )
    console.answer(text.render(report, options))


def _next_step(exercise: "Exercise", report: "Report") -> str:
    """What to type next; "" when that is not the student's turn."""
    from threadmarks import catalog
    from threadmarks.commands.board import load_progress, next_exercise

    code = exit_code(report)
    if code is ExitCode.NOT_PASSED:
        return f"{console.program()} hint {exercise.id}"
    if code is ExitCode.GRADER_FAULT:
        return ""
    record = load_progress(Path()).with_grading(
        exercise.id, score=report.score, max_score=report.max_score, passed=True
    )
    following = next_exercise(catalog.load(), record)
    return f"{console.program()} show {following.id}" if following else ""
