"""The command line: parse, call, print, exit code. One command a file; `main` is the console script `grade`.

The last layer: nothing imports it but the repository's `cli.py`. Starting must stay cheap, so the commands import what
does the work (the judge, the catalogue) inside of the functions that need it.
"""

import click

from threadmarks import __version__
from threadmarks.commands import board
from threadmarks.commands.batch import batch
from threadmarks.commands.check import check
from threadmarks.commands.console import json_option
from threadmarks.commands.content import content
from threadmarks.commands.doctor import doctor
from threadmarks.commands.exits import ExitCode
from threadmarks.commands.explain import explain
from threadmarks.commands.export import export
from threadmarks.commands.front import FrontGroup
from threadmarks.commands.hint import hint
from threadmarks.commands.push import push
from threadmarks.commands.release import release
from threadmarks.commands.replay import replay
from threadmarks.commands.show import show


@click.group(cls=FrontGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@json_option
@click.version_option(__version__, prog_name="threadmarks", message="%(prog)s %(version)s")
@click.pass_context
def main(ctx: click.Context, as_json: bool) -> ExitCode | None:
    """Grade exercises in concurrency by what your program does.

    With no command: the board of exercises, your best scores, and the next step. `grade EXERCISE` is short for
    `grade check EXERCISE`.

    \b
    Examples:
      grade                      the board
      grade show ex02            read the statement
      grade ex02                 grade ex02.py in this folder
      grade ex02 my/pool.py      grade that file
      grade hint ex02            one hint; again for the next

    \b
    Exit codes: 0 passed, 1 not passed, 2 cannot be done as asked,
    3 the grader failed (not your fault), 130 interrupted.
    """
    return None if ctx.invoked_subcommand else board.board(as_json=as_json)


for command in (check, hint, show, explain, replay, doctor, content, batch, export, push, release):
    main.add_command(command)
