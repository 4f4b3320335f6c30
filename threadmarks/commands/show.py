"""`grade show`: an exercise's statement, or its stub to begin with."""

import sys

import click

from threadmarks.commands import console
from threadmarks.commands.exits import ExitCode

SCHEMA = "threadmarks/statement/1"


@click.command(short_help="Show an exercise's statement, or its stub.")
@click.argument("exercise")
@click.option("--stub", is_flag=True, help="Print the stub instead: the file to begin with.")
@console.plain_option
@console.json_option
def show(exercise: str, stub: bool, plain: bool, as_json: bool) -> ExitCode:
    """Show the statement of EXERCISE.

    \b
    Examples:
      grade show ex02
      grade show ex02 --stub > ex02.py     begin with the stub
    """
    from threadmarks import catalog
    from threadmarks.report import json

    found = catalog.resolve(exercise)
    text = catalog.read_content(found.stub if stub else found.statement)
    if console.wants_json(as_json):
        console.answer(json.dumps({"schema": SCHEMA, "exercise": found.id, "title": found.title, "text": text}))
    elif stub or plain or not sys.stdout.isatty():
        console.answer(text)
    else:
        _print_markdown(text)
    return ExitCode.PASSED


def _print_markdown(text: str) -> None:
    from rich.console import Console
    from rich.markdown import Markdown

    colour = console.colourful()
    Console(width=console.width(), no_color=not colour, highlight=False).print(Markdown(text, code_theme="ansi_dark"))
