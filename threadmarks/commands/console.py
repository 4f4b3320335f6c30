"""Where output goes and how it is painted: answers on stdout, everything else on stderr.

Colour and moving text only on a terminal, and never with NO_COLOR set. Shared by the commands; knows nothing of grading.
"""

import contextlib
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click

from threadmarks.errors import UsageError
from threadmarks.explain import safe
from threadmarks.report.layout import Paint, Role, plain

WIDEST = 100
"""Longer lines are hard to read, however wide the terminal."""
MOMENT_S = 0.4
"""Work that takes longer shows that it goes on."""
TICK_S = 0.15

STYLES: dict[Role, dict[str, Any]] = {
    Role.HEADING: {"bold": True},
    Role.PASSED: {"fg": "green"},
    Role.NOT_PASSED: {"fg": "red", "bold": True},
    Role.UNGRADED: {"fg": "yellow"},
    Role.QUIET: {"dim": True},
    Role.COMMAND: {"fg": "cyan"},
}

F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """Add `--json` to a command."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")(command)


def plain_option(command: F) -> F:
    """Add `--plain` to a command."""
    text = "No colour, and timelines as sentences instead of pictures (good with a screen reader)."
    return click.option("--plain", is_flag=True, envvar="THREADMARKS_PLAIN", help=text)(command)


def wants_json(own: bool) -> bool:
    """True if `--json` was given to the command or before it."""
    return own or bool(click.get_current_context().find_root().params.get("as_json"))


def program() -> str:
    """What the user typed to get here: `grade`, or `python cli.py`."""
    return click.get_current_context().find_root().info_name or "grade"


def colourful() -> bool:
    """True if stdout may carry colour (https://no-color.org; FORCE_COLOR is for pictures of a run)."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def paint(*, allowed: bool = True) -> Paint:
    """The paint for stdout."""
    return _styled if allowed and colourful() else plain


def _styled(text: str, role: Role) -> str:
    return click.style(text, **STYLES[role])


def width(*, widest: int = WIDEST, stored: int = 80) -> int:
    """The columns to use: the terminal's. What is not a terminal gets `stored`, unless COLUMNS asks for others: a report in a file
    does not depend on a window, and shells keep theirs to themselves.
    """
    asked = os.environ.get("COLUMNS", "")
    if sys.stdout.isatty() or (asked.isdecimal() and int(asked) > 0):
        return min(widest, shutil.get_terminal_size().columns)
    return stored


def answer(text: str) -> None:
    """Write `text` to stdout as it is. A reader that went away (`grade | head`) is no error.

    Raises UsageError when stdout cannot take it: a full disk.
    """
    try:
        # The text is painted or not by now: click must neither strip it nor add to it.
        click.echo(text, nl=False, color=True)
    except OSError as problem:
        # Whatever Python flushes at its end goes nowhere too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(problem, BrokenPipeError):
            raise UsageError(f"The answer could not be written: {problem.strerror}.") from None


def warn(text: str) -> None:
    """A line on stderr that is no answer."""
    with contextlib.suppress(BrokenPipeError):
        click.echo(f"Warning: {safe.text(text)}", err=True)


class Indicator:
    """A line on a terminal that shows that work goes on."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._detail = ""

    def progress(self, done: int, total: int, title: str) -> None:
        """Show how far the work is."""
        del title  # one line has no room for it
        self.detail(f"{done} of {total}")

    def detail(self, text: str) -> None:
        """Show `text` behind the label."""
        self._detail = f", {text}"

    def turn(self, descriptor: int, done: threading.Event) -> None:
        """Show the line, from a moment on, until `done`; then take it away."""
        if done.wait(MOMENT_S):
            return
        turns = 0
        while True:
            text = f"\r\x1b[K{self._label}{self._detail} {'|/-'[turns % 3]}"
            with contextlib.suppress(OSError):
                os.write(descriptor, text.encode(errors="replace"))
            turns += 1
            if done.wait(TICK_S):
                break
        with contextlib.suppress(OSError):
            os.write(descriptor, b"\r\x1b[K")


@contextlib.contextmanager
def working(label: str) -> Iterator[Indicator]:
    """Do long work: show on a terminal's stderr that it goes on, and let nothing but the answer reach stdout."""
    indicator = Indicator(label)
    with contextlib.redirect_stdout(sys.stderr), contextlib.ExitStack() as after:
        if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
            # A descriptor of its own: the work may capture what is written to number 2.
            descriptor = os.dup(sys.stderr.fileno())
            after.callback(os.close, descriptor)
            done = threading.Event()
            thread = threading.Thread(target=indicator.turn, args=(descriptor, done), daemon=True)
            thread.start()
            after.callback(thread.join)
            after.callback(done.set)
        yield indicator
