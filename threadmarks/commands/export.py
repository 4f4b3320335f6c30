"""`grade export SYSTEM MARKS`: fill in a table of a learning management system's own with the marks of a batch."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from threadmarks.commands import console
from threadmarks.commands.exits import ExitCode
from threadmarks.errors import UsageError

if TYPE_CHECKING:
    from threadmarks.lms.marks import Filled, Marks

F = TypeVar("F", bound=Callable[..., Any])
MOST_LINES = 25
MOODLE_COLUMNS = ("identifier", "grade", "maximum", "changeable", "modified", "feedback", "email")
"""The keys of `lms.moodle_worksheet.COLUMNS`; written here so that `grade --help` need not import them."""


def marks_options(command: F) -> F:
    """What every command that sends marks takes."""
    for add in (
        click.option(
            "--points", is_flag=True, help="Send points as they are, instead of scaling to the system's maximum."
        ),
        click.option(
            "--roster",
            type=click.Path(),
            metavar="FILE",
            help="A CSV of two columns: ids here, ids there (docs/lms.md).",
        ),
        click.option("--exercise", help="Which exercise's marks. Default: the only one."),
        click.argument("marks", type=click.Path()),
    ):
        command = add(command)
    return command


out_option = click.option("--out", required=True, type=click.Path(), metavar="FILE", help="The file to upload.")
table_option = click.option(
    "--table", required=True, type=click.Path(), metavar="FILE", help="Your export, as downloaded."
)


@click.group(short_help="Fill in a system's table of marks (for instructors).")
def export() -> None:
    """Fill in a table that you exported from a learning management system with the marks of `grade batch`.

    Only rows that have a mark are written; everything else, and why, is told. Nothing is sent anywhere: you upload the file.

    \b
    Examples:
      grade export moodle marks --worksheet worksheet.csv --out upload.csv
      grade export moodle marks --feedback-zip feedback.zip
      grade export canvas marks --table grades.csv --out upload.csv

    \b
    Exit codes: 0 everybody is in it, 1 somebody was left out (and why),
    2 cannot be done as asked.
    """


@export.command()
@marks_options
@click.option("--worksheet", type=click.Path(), metavar="FILE", help="The grading worksheet, as downloaded.")
@click.option(
    "--feedback-zip", type=click.Path(), metavar="FILE", help="Write the pages of feedback as a zip to upload."
)
@click.option("--out", type=click.Path(), metavar="FILE", help="The filled-in worksheet.")
@click.option("--replace-comments", is_flag=True, help="Replace comments that people wrote, too.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="KEY=NAME",
    help="What your site calls a column, e.g. grade=Bewertung.",
)
def moodle(  # noqa: PLR0913  # the command's options, one parameter each
    marks: str,
    *,
    exercise: str | None,
    roster: str | None,
    points: bool,
    worksheet: str | None,
    feedback_zip: str | None,
    out: str | None,
    replace_comments: bool,
    columns: tuple[str, ...],
) -> ExitCode:
    """Fill in Moodle's offline grading worksheet, and pack the zip of feedback files."""
    from threadmarks.lms import moodle_worksheet

    if bool(worksheet) != bool(out) or not (worksheet or feedback_zip):
        raise UsageError(
            "Name the worksheet and where the filled-in one goes (--worksheet, --out), or a --feedback-zip, or all three."
        )
    known = read_marks(marks, exercise, roster)
    left = False
    if worksheet and out:
        names = dict(_named(each) for each in columns)
        filled = moodle_worksheet.fill(
            known, read_file(worksheet), worksheet, names=names, replace=replace_comments, as_points=points
        )
        left |= _written(filled, out, "row")
    if feedback_zip:
        left |= _written(moodle_worksheet.feedback_zip(known), feedback_zip, "page")
    return ExitCode.NOT_PASSED if left else ExitCode.PASSED


@export.command()
@marks_options
@table_option
@out_option
@click.option(
    "--column",
    default="",
    metavar="NAME",
    help="The assignment's column, with its (id). Default: the one named like the exercise.",
)
def canvas(  # noqa: PLR0913  # the command's options, one parameter each
    marks: str, *, exercise: str | None, roster: str | None, points: bool, table: str, out: str, column: str
) -> ExitCode:
    """Fill in Canvas's exported gradebook. Comments go by `grade push canvas`."""
    from threadmarks.lms import canvas_gradebook

    filled = canvas_gradebook.fill(
        read_marks(marks, exercise, roster), read_file(table), table, column=column, as_points=points
    )
    return ExitCode.NOT_PASSED if _written(filled, out, "row") else ExitCode.PASSED


def _other(name: str, title: str) -> click.Command:
    @export.command(name, help=f"Fill in {title}'s table. Written after its documentation, never uploaded to one.")
    @marks_options
    @table_option
    @out_option
    @click.option(
        "--column", default="", metavar="NAME", help="The column of marks. Default: the one named like the exercise."
    )
    @click.option("--max", "most", type=float, help="What full marks are there. Default: what the column's name says.")
    def command(  # noqa: PLR0913  # the command's options, one parameter each
        marks: str,
        *,
        exercise: str | None,
        roster: str | None,
        points: bool,
        table: str,
        out: str,
        column: str,
        most: float | None,
    ) -> ExitCode:
        from threadmarks.lms import other_tables

        known = read_marks(marks, exercise, roster)
        system = other_tables.SYSTEMS[name]
        filled = other_tables.fill(system, known, read_file(table), table, column=column, most=0.0 if points else most)
        return ExitCode.NOT_PASSED if _written(filled, out, "row") else ExitCode.PASSED

    return command


for _name, _title in (("brightspace", "Brightspace"), ("blackboard", "Blackboard"), ("sakai", "Sakai")):
    _other(_name, _title)


def read_marks(folder: str, exercise: str | None, roster: str | None) -> "Marks":
    """The marks in a batch's output. Raises UsageError."""
    from threadmarks.lms import marks

    known = marks.read(Path(folder), exercise)
    return marks.with_roster(known, read_file(roster), roster) if roster else known


def read_file(path: str) -> bytes:
    """A file that the user named. Raises UsageError."""
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as problem:
        raise UsageError(f"{path!r} cannot be read: {problem}") from None


def _named(text: str) -> tuple[str, str]:
    key, separator, name = text.partition("=")
    if not separator or key not in MOODLE_COLUMNS:
        raise UsageError(
            f"--column wants one of {', '.join(MOODLE_COLUMNS)}, an equals sign and a name; {text!r} is none."
        )
    return key, name


def _written(filled: "Filled", out: str, what: str) -> bool:
    """Write the file and tell what is not in it; whether there is such."""
    from threadmarks.batch import files
    from threadmarks.explain.numbers import counted

    files.write(Path(out), (filled.data,))
    console.answer(f"{counted(filled.count, what)} in {click.format_filename(out)}.\n")
    tell_left(filled.left)
    return bool(filled.left)


def tell_left(left: "tuple[str, ...] | list[str]") -> None:
    """What was not sent, and why."""
    from threadmarks.explain.safe import one_line

    if left:
        console.answer("Left out:\n" + "".join(f"  {one_line(line)}\n" for line in left[:MOST_LINES]))
    if len(left) > MOST_LINES:
        console.answer(f"  and {len(left) - MOST_LINES} more\n")
