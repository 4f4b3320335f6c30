"""`grade push SYSTEM MARKS`: send the marks of a batch to Moodle or Canvas by their web services."""

import os

import click

from threadmarks.commands import console
from threadmarks.commands.exits import ExitCode
from threadmarks.commands.export import marks_options, read_marks, tell_left
from threadmarks.errors import UsageError


@click.group(short_help="Send marks to Moodle or Canvas (for instructors).")
def push() -> None:
    """Send the marks of `grade batch`, with comments, to a learning management system.

    The token comes from the environment only: THREADMARKS_MOODLE_TOKEN, THREADMARKS_CANVAS_TOKEN. Try --dry-run first.

    \b
    Examples:
      grade push moodle marks --url https://moodle.example.org --assignment 5 --dry-run
      grade push canvas marks --url https://canvas.example.edu --course 7 --assignment 11

    \b
    Exit codes: 0 everybody's was sent, 1 somebody was left out (and why),
    2 cannot be done as asked, or the site refused.
    """


url_option = click.option("--url", required=True, metavar="ADDRESS", help="The site, e.g. https://moodle.example.org")
assignment_option = click.option("--assignment", required=True, metavar="ID", help="The assignment's id.")
dry_option = click.option("--dry-run", is_flag=True, help="Look, and send nothing.")
silent_option = click.option("--no-comments", is_flag=True, help="Send marks alone.")


@push.command()
@marks_options
@url_option
@assignment_option
@dry_option
@silent_option
@click.option("--replace-comments", is_flag=True, help="Replace comments that people wrote, too.")
def moodle(  # noqa: PLR0913  # the command's options, one parameter each
    marks: str,
    *,
    exercise: str | None,
    roster: str | None,
    points: bool,
    url: str,
    assignment: str,
    dry_run: bool,
    no_comments: bool,
    replace_comments: bool,
) -> ExitCode:
    """Send marks to an assignment of Moodle's (`mod_assign_save_grades`)."""
    from threadmarks.lms.moodle_web import Moodle

    site = Moodle(url, _token("THREADMARKS_MOODLE_TOKEN"))
    count, left = site.send(
        read_marks(marks, exercise, roster),
        assignment,
        comments=not no_comments,
        replace=replace_comments,
        as_points=points,
        dry=dry_run,
    )
    return _told(count, left, dry=dry_run)


@push.command()
@marks_options
@url_option
@click.option("--course", required=True, metavar="ID", help="The course's id.")
@assignment_option
@dry_option
@silent_option
def canvas(  # noqa: PLR0913  # the command's options, one parameter each
    marks: str,
    *,
    exercise: str | None,
    roster: str | None,
    points: bool,
    url: str,
    course: str,
    assignment: str,
    dry_run: bool,
    no_comments: bool,
) -> ExitCode:
    """Send marks to an assignment of Canvas's (`submissions/update_grades`)."""
    from threadmarks.lms.canvas_web import Canvas

    site = Canvas(url, _token("THREADMARKS_CANVAS_TOKEN"))
    count, left = site.send(
        read_marks(marks, exercise, roster),
        course,
        assignment,
        comments=not no_comments,
        as_points=points,
        dry=dry_run,
    )
    return _told(count, left, dry=dry_run)


def _token(name: str) -> str:
    token = os.environ.get(name, "").strip()
    if not token or not token.isascii() or not token.isprintable():
        raise UsageError(f"The token comes from the environment: set {name}.")
    return token


def _told(count: int, left: list[str], *, dry: bool) -> ExitCode:
    from threadmarks.explain.numbers import counted

    console.answer(f"{counted(count, 'mark')} {'would be sent' if dry else 'sent'}.\n")
    tell_left(left)
    return ExitCode.NOT_PASSED if left else ExitCode.PASSED
