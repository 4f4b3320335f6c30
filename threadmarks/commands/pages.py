"""`--html FILE`: write a report as a page, whole or not at all, and never over something that is no page."""

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from threadmarks.errors import UsageError

if TYPE_CHECKING:
    from threadmarks.model import Report
    from threadmarks.report.html import HtmlOptions

BEGINNING = "<!doctype html>"

F = TypeVar("F", bound=Callable[..., Any])


def html_option(command: F) -> F:
    """Add `--html` to a command."""
    text = "Write the report as a page too, with each failing schedule to step through."
    return click.option("--html", "page", metavar="FILE", help=text)(command)


def check(page: str | None) -> None:
    """Refuse what could not be written, or must not be, before any work is done. Raises UsageError."""
    if page is None:
        return
    path = Path(page)
    if not page or path.is_dir():
        raise UsageError(f"--html wants the name of a file, and {page!r} is none.")
    if not path.parent.is_dir():
        raise UsageError(f"--html: there is no folder {str(path.parent)!r} to write {path.name} in.")
    if path.exists() and not _is_page(path):
        raise UsageError(f"--html would replace {page}, which is no page. Name another file, or remove that one first.")


def write(page: str, report: "Report", options: "HtmlOptions") -> None:
    """Write the page. Raises UsageError when the file cannot be written; the old one then stands."""
    from threadmarks.report import html

    text = html.render(report, options)
    path = Path(page)
    try:
        _replace(path, text)
    except OSError as problem:
        raise UsageError(f"{page} could not be written: {problem.strerror}.") from None
    with contextlib.suppress(OSError):
        click.echo(f"The page is in {click.format_filename(page)}.", err=True)


def _replace(path: Path, text: str) -> None:
    """Write a new file in full, then put it in the old one's place."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(text)
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)  # as any other file that a command writes
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _is_page(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(BEGINNING)).lower() == BEGINNING.encode()
    except OSError:
        return False
