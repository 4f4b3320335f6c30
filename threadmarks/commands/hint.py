"""`grade hint`: one hint at a time, milder ones first; the next one only on request."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from threadmarks import progress
from threadmarks.commands import console
from threadmarks.commands.exits import ExitCode
from threadmarks.errors import UsageError

if TYPE_CHECKING:
    from threadmarks.catalog import Exercise

SCHEMA = "threadmarks/hint/1"


@click.command(short_help="Show one hint; again for the next.")
@click.argument("exercise")
@click.argument("level", type=click.IntRange(min=1), required=False)
@console.json_option
def hint(exercise: str, level: int | None, as_json: bool) -> ExitCode:
    """Show one hint for EXERCISE. Asked again, it shows the next one; with LEVEL, that one.

    \b
    Examples:
      grade hint ex02            the first hint, then the second, ...
      grade hint ex02 1          the first hint again
    """
    from threadmarks import catalog
    from threadmarks.commands.board import load_progress
    from threadmarks.report import json

    found = catalog.resolve(exercise)
    hints = found.hints()
    wanted = level if level is not None else min(load_progress(Path()).of(found.id).hints + 1, len(hints))
    if wanted > len(hints):
        raise UsageError(f"{found.id} has {len(hints)} hints; there is no hint {wanted}.")
    if console.wants_json(as_json):
        content = {
            "schema": SCHEMA,
            "exercise": found.id,
            "level": wanted,
            "levels": len(hints),
            "text": hints[wanted - 1],
        }
        console.answer(json.dumps(content))
    else:
        console.answer(_as_text(found, wanted, hints))
    _remember(found.id, wanted)
    return ExitCode.PASSED


def _as_text(exercise: "Exercise", level: int, hints: tuple[str, ...]) -> str:
    from threadmarks.report.layout import Page, Role

    page = Page(console.width(), console.paint())
    page.paragraph(f"{exercise.id}, hint {level} of {len(hints)}", role=Role.HEADING)
    page.blank()
    page.markdown(hints[level - 1])
    page.blank()
    if level < len(hints):
        page.raw(f"{'More':<11}{console.program()} hint {exercise.id} {level + 1}")
    else:
        page.paragraph("That was the last hint.")
    return page.text()


def _remember(exercise: str, level: int) -> None:
    try:
        updated = progress.record(Path(), lambda old: old.with_hint(exercise, level))
    except progress.ProgressError as problem:
        console.warn(str(problem))
        return
    for warning in updated.warnings:
        console.warn(warning)
