"""`grade replay TOKEN [FILE]`: run one schedule again and show what each thread did."""

import click

from threadmarks.commands import console, pages, settings
from threadmarks.commands.exits import ExitCode


@click.command(short_help="Run a schedule again by its token.")
@click.argument("token")
@click.argument("file", required=False)
@console.json_option
@console.plain_option
@pages.html_option
@settings.secret_option
def replay(  # the command's options, one parameter each
    token: str, file: str | None, *, as_json: bool, plain: bool, page: str | None, secret_file: str | None
) -> ExitCode:
    """Run the schedule that TOKEN names again, and show its timeline. A report prints the whole command.

    Without FILE: the exercise's file, as `grade ex02` finds it. A run that was graded with a secret needs the same one.

    Exit codes as for grading, for the checks that look at this schedule.

    \b
    Examples:
      grade replay tm2.ex02.two_hundred_jobs.block ex02.py
      grade replay tm2.ex02.two_hundred_jobs.block ex02.py --html run.html
    """
    from threadmarks import catalog
    from threadmarks.commands import foundations, submissions
    from threadmarks.commands.check import exit_code
    from threadmarks.judge import grade_source, tokens
    from threadmarks.report import json, text
    from threadmarks.sandbox import saferead

    pages.check(page)
    terms = settings.terms(official=False, rung=None, secret_file=secret_file)
    asked = tokens.parse(token)
    exercise = catalog.resolve(asked.exercise)
    found = submissions.find(exercise.id, file, console.program())
    source = saferead.read(found.name)
    built_upon = None if asked.upon_references else foundations.own(found, console.program())
    with console.working(f"Replaying {exercise.id}") as indicator:
        report = grade_source(
            exercise,
            source,
            secret=terms.secret,
            replay_token=token,
            progress=indicator.progress,
            built_upon=built_upon,
        )
    if page is not None:
        from threadmarks.report import html

        shown = html.HtmlOptions(title=exercise.title, source=source.text, program=console.program(), replayed=token)
        pages.write(page, report, shown)
    if console.wants_json(as_json):
        console.answer(json.render(report))
        return exit_code(report)
    options = text.TextOptions(
        title=exercise.title,
        width=console.width(),
        paint=console.paint(allowed=not plain),
        picture=not plain,
        program=console.program(),
        replayed=token,
    )
    console.answer(text.render(report, options))
    return exit_code(report)
