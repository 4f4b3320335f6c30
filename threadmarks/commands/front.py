"""The group behind `grade`: finds the command, and turns every end into an exit code and a clear line on stderr.

`grade ex02` is short for `grade check ex02`: a first word that looks like an exercise or a file is not looked up as a
command. Errors of the kit become messages here and nowhere else; commands raise them and return exit codes.
"""

import contextlib
import difflib
import os
import re
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from types import FrameType
from typing import Any, NoReturn, Self

import click

from threadmarks.commands.exits import ExitCode
from threadmarks.errors import AuthoringError, SubmissionError, ThreadmarksError, UsageError
from threadmarks.explain import safe

EXERCISE_LIKE = re.compile(r"(ex)?_?\d", re.IGNORECASE)
DEBUG_VARIABLE = "THREADMARKS_DEBUG"


class FrontGroup(click.Group):
    """A click group with the kit's exit codes. Its commands return an ExitCode, or None for 0."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """`check` for a first word that looks like an exercise, else the command; an error with a suggestion."""
        word = args[0]
        if self.get_command(ctx, word) is None and not word.startswith("-"):
            if not _looks_like_an_exercise(word):
                _refuse(ctx, self, word)
            args = ["check", *args]
        return super().resolve_command(ctx, args)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run as a program: never returns, ends with an exit code. `standalone_mode=False` lets errors through."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        words = list(sys.argv[1:] if args is None else args)
        _tolerate_every_encoding()
        with _Signals() as signals:
            code: int = ExitCode.PASSED
            try:
                code = int(super().main(words, prog_name, complete_var, standalone_mode=False, **extra) or code)
            except (click.Abort, KeyboardInterrupt):
                signals.received = signals.received or signal.SIGINT
            except Exception as problem:  # a signal may also have made a layer below fail: then that is the story
                code = code if signals.received else _told(words, problem)
            sys.exit(signals.exit_code() if signals.received else code)


def _told(words: list[str], problem: Exception) -> ExitCode:
    """Tell what ended the command; its exit code."""
    match problem:
        case click.ClickException():
            return _usage(words, "usage", problem)
        case SubmissionError():
            return _usage(words, problem.code, click.ClickException(str(problem)))
        case UsageError():
            return _usage(words, "usage", click.ClickException(str(problem)))
        case _:
            return _fault(words, problem)


def _looks_like_an_exercise(word: str) -> bool:
    return bool(EXERCISE_LIKE.match(word)) or word.endswith(".py") or os.sep in word


def _refuse(ctx: click.Context, group: click.Group, word: str) -> NoReturn:
    """Refuse a word that is neither a command nor an exercise, with the nearest of both."""
    from threadmarks import catalog

    known = {name: name for name in group.list_commands(ctx)}
    with contextlib.suppress(AuthoringError):
        for exercise in catalog.load():
            known |= {exercise.id: exercise.id, exercise.slug: exercise.id, exercise.folder_name: exercise.id}
    near = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    hint = f' Did you mean "{known[near[0]]}"?' if near else ""
    raise click.UsageError(f'There is no command or exercise "{word}".{hint}', ctx)


def _usage(words: list[str], code: str, problem: click.ClickException) -> ExitCode:
    """Say what cannot be done. The message may quote a file's name, which may hold anything."""
    message = safe.text(problem.format_message())
    if "--json" in words:
        _error_object(code, message, ExitCode.USAGE)
    click.echo(f"Error: {message}", err=True)
    if isinstance(problem, click.UsageError) and problem.ctx:
        click.echo(f"Try '{problem.ctx.command_path} --help' for help.", err=True)
    return ExitCode.USAGE


def _fault(words: list[str], problem: Exception) -> ExitCode:
    told = safe.text(str(problem) if isinstance(problem, ThreadmarksError) else f"{type(problem).__name__}: {problem}")
    if "--json" in words:
        _error_object("grader-fault", told, ExitCode.GRADER_FAULT)
    click.echo(f"The grader failed. This is not your fault, and nothing was graded.\n  {told}", err=True)
    if os.environ.get(DEBUG_VARIABLE):
        traceback.print_exception(problem)
    else:
        click.echo(f"Set {DEBUG_VARIABLE}=1 to see where, and pass that on to whoever gave you the exercise.", err=True)
    return ExitCode.GRADER_FAULT


def _error_object(code: str, message: str, exit_code: ExitCode) -> None:
    from threadmarks.commands import console
    from threadmarks.report import json

    console.answer(json.error(code, message, int(exit_code)))


def _tolerate_every_encoding() -> None:
    """A terminal that cannot show a character of the student's gets its escape, not an error."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # tests put other streams there


class _Signals:
    """Lets Ctrl-C, SIGTERM and SIGHUP unwind the stack, so that no runner stays behind, and remembers which it was.

    Remembering matters: a library below may swallow the exception (pytest turns it into an exit code of its own).
    """

    def __init__(self) -> None:
        self.received = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for name in ("SIGINT", "SIGTERM", "SIGHUP"):
                number = getattr(signal, name, None)
                # What the parent told us to ignore (nohup, a background job of a script) stays ignored.
                if number is not None and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                    self._before[number] = signal.signal(number, self._unwind)
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _unwind(self, number: int, frame: FrameType | None) -> NoReturn:
        del frame
        self.received = number
        raise KeyboardInterrupt

    def exit_code(self) -> int:
        """As shells have it: 130 for Ctrl-C, 143 for SIGTERM. Says so on stderr."""
        click.echo("Interrupted." if self.received == signal.SIGINT else "Terminated.", err=True)
        return 128 + self.received
