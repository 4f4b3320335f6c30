"""How strictly to grade: `--official`, `--rung`, `--secret-file`, each also as an environment variable for a whole course.

Parses and reads; what follows from it is `judge.grade_source`'s. The secret is never shown, stored or handed to a runner:
the judge only mixes it into the seed of the inputs.
"""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

import click

from threadmarks.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])

RUNGS = ("full", "no-user-namespace", "rlimits", "plain")
"""The values of `sandbox.ladder.Rung`, strictest first; written here so that `grade --help` need not import the sandbox."""

SECRET_LEAST_BYTES = 16
"""White space around it not counted. Whoever can guess it knows the inputs; what `HOW_TO_MAKE_ONE` makes has four times as many."""
SECRET_LIMIT_BYTES = 64 << 10
HOW_TO_MAKE_ONE = 'python3 -c "import secrets; print(secrets.token_hex(32))" > secret.txt'


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a grading must hold to."""

    official: bool = False
    lowest: str = ""  # of RUNGS; "" when any will do
    secret: str = field(default="", repr=False)


def rung_option(command: F) -> F:
    """Add `--rung` to a command."""
    text = "The lowest rung of the sandbox to accept (see `grade doctor`)."
    return click.option("--rung", type=click.Choice(RUNGS), envvar="THREADMARKS_RUNG", help=text)(command)


def secret_option(command: F) -> F:
    """Add `--secret-file` to a command."""
    text = f"A file with the instructor's secret, at least {SECRET_LEAST_BYTES} bytes: nobody can guess the inputs that are drawn."
    return click.option("--secret-file", type=click.Path(), envvar="THREADMARKS_SECRET_FILE", help=text)(command)


def official_options(command: F) -> F:
    """Add `--official`, `--rung` and `--secret-file` to a command."""
    command = secret_option(rung_option(command))
    text = "For marks: refuse a weaker sandbox than --rung (default: full), need a secret, read the file strictly."
    return click.option("--official", is_flag=True, help=text)(command)


def terms(*, official: bool, rung: str | None, secret_file: str | None) -> Terms:
    """The terms that the options ask for. Raises UsageError."""
    if official and not secret_file:
        raise UsageError(
            "Official grading needs a secret, so that nobody can know the inputs before: --secret-file PATH, or "
            f"THREADMARKS_SECRET_FILE. Make one with: {HOW_TO_MAKE_ONE}"
        )
    secret = read_secret(secret_file) if secret_file else ""
    return Terms(official=official, lowest=rung or (RUNGS[0] if official else ""), secret=secret)


def read_secret(path: str) -> str:
    """The text of the secret's file without the white space at its end. Raises UsageError, never with the text in it.

    A secret of fewer than `SECRET_LEAST_BYTES` is refused.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError) as problem:
        _refuse(path, f"cannot be read: {problem.strerror if isinstance(problem, OSError) else problem}")
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            _refuse(path, "is not a regular file")
        data = os.read(
            descriptor, SECRET_LIMIT_BYTES + 1
        )  # of a regular file: all that is asked for, as far as it goes
    except OSError as problem:
        _refuse(path, f"cannot be read: {problem.strerror}")
    finally:
        os.close(descriptor)
    if len(data) > SECRET_LIMIT_BYTES:
        _refuse(path, f"is larger than {SECRET_LIMIT_BYTES >> 10} KiB, and so hardly a secret")
    try:
        text = data.decode("utf-8").rstrip()
    except UnicodeDecodeError:
        _refuse(path, "is not UTF-8 text")  # without the codec's words: they quote the secret's bytes
    if not text:
        _refuse(path, f"is empty. Make a secret with: {HOW_TO_MAKE_ONE}")
    if len(text.strip().encode()) < SECRET_LEAST_BYTES:
        short = f"is shorter than {SECRET_LEAST_BYTES} bytes, and so could be guessed"
        _refuse(path, f"{short}. Make a secret with: {HOW_TO_MAKE_ONE}")
    return text


def _refuse(path: str, problem: str) -> NoReturn:
    raise UsageError(f"The secret's file {path!r} {problem}.") from None
