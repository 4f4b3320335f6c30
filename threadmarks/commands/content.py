"""`grade content`: the author's check that every exercise's parts prove each other."""

import click

from threadmarks.commands import console
from threadmarks.commands.exits import ExitCode


@click.command(short_help="Check the exercises themselves (for authors).")
@click.argument("exercises", nargs=-1, metavar="[EXERCISE]...")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="How many gradings at once.")
@console.json_option
def content(exercises: tuple[str, ...], jobs: int, as_json: bool) -> ExitCode:
    """Check that the stub fails as declared, the reference passes, and each wrong solution fails what it must.

    \b
    Examples:
      grade content              every exercise
      grade content ex02 --jobs 2
    """
    raise NotImplementedError
