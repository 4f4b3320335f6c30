"""`grade release student|gradescope --out PLACE`: pack what students, or a grading service, get."""

from collections.abc import Mapping
from pathlib import Path

import click

from threadmarks.commands import console, settings
from threadmarks.commands.exits import ExitCode
from threadmarks.errors import UsageError


@click.group(short_help="Pack what students or Gradescope get (for instructors).")
def release() -> None:
    """Pack a release. The same kit makes the same bytes.

    \b
    Examples:
      grade release student --out student.zip
      grade release gradescope ex02 --secret-file secret.txt --out ex02.zip
    """


@release.command()
@click.option(
    "--out", required=True, type=click.Path(), metavar="DIR|ZIP", help="A new or empty folder, or a file named .zip."
)
def student(out: str) -> ExitCode:
    """Pack what students get: statements, stubs, hints, and a kit with the visible checks alone.

    There is no solution in it, no wrong solution and no hidden check. `grade ex02` then says how many hidden ones wait.
    """
    from threadmarks.release import student as packing

    _written(packing.files(), out, ())
    return ExitCode.PASSED


@release.command()
@click.argument("exercise")
@click.option("--out", required=True, type=click.Path(), metavar="ZIP", help="The autograder to upload.")
@click.option(
    "--rung",
    type=click.Choice(settings.RUNGS),
    default="rlimits",
    show_default=True,
    help="The lowest rung of the sandbox to accept there.",
)
@settings.secret_option
def gradescope(exercise: str, *, out: str, rung: str, secret_file: str | None) -> ExitCode:
    """Pack Gradescope's autograder for EXERCISE: set-up, grader, kit and secret in one zip."""
    from threadmarks import catalog
    from threadmarks.release import gradescope as packing

    terms = settings.terms(official=True, rung=rung, secret_file=secret_file)
    if not out.endswith(".zip"):
        raise UsageError("Gradescope takes a zip: name --out accordingly.")
    known = catalog.resolve(exercise)
    _written(packing.files(known, secret=terms.secret, rung=terms.lowest), out, packing.PROGRAMS)
    return ExitCode.PASSED


def _written(files: Mapping[str, bytes], out: str, programs: tuple[str, ...]) -> None:
    """Write a zip whole, or a folder. Raises UsageError when something else is there."""
    from threadmarks import archive
    from threadmarks.batch.files import write
    from threadmarks.explain.numbers import counted

    place = Path(out)
    if place.suffix == ".zip":
        if place.is_dir():
            raise UsageError(f"{out} is a folder.")
        write(place, (archive.zipped(files, programs=programs),))
    else:
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            raise UsageError(f"{out} is there and is no empty folder: name another, or remove it.")
        for path, data in files.items():
            write(place / path, (data,))
    console.answer(f"{counted(len(files), 'file')} in {click.format_filename(out)}.\n")
