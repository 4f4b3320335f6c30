"""`grade replay TOKEN [FILE]`: run one schedule again and show what each thread did."""

import click

from threadmarks.commands import console
from threadmarks.commands.exits import ExitCode


@click.command(short_help="Run a schedule again by its token.")
@click.argument("token")
@click.argument("file", required=False)
@console.json_option
@console.plain_option
def replay(token: str, file: str | None, as_json: bool, plain: bool) -> ExitCode:
    """Run the schedule that TOKEN names again, and show its timeline. A report prints the whole command.

    Without FILE: the exercise's file, as `grade ex02` finds it.

    \b
    Examples:
      grade replay tm1.ex02.two_hundred_jobs.block ex02.py
    """
    raise NotImplementedError
