"""How far a batch is, on stderr: a bar with rate and time left on a terminal, else a plain line now and then."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Task
    from rich.text import Text

LINES = 10
"""How often progress is told in a whole run, where there is no terminal."""


@contextlib.contextmanager
def shown(files: int, needed: int) -> Iterator[Callable[[int, int], None]]:
    """Gives what is to be called with (done, total)."""
    if needed < files:
        click.echo(f"{needed} to grade; what else can be graded has its result already.", err=True)
    if not sys.stderr.isatty():
        yield _plain
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.text import Text as RichText

    class Rate(ProgressColumn):
        """Gradings a minute."""

        def render(self, task: "Task") -> "Text":
            return RichText(f"{task.speed * 60:.0f}/min" if task.speed else "")

    columns = (
        TextColumn("Grading"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True, speed_estimate_period=120.0) as progress:
        bar = progress.add_task("", total=needed)
        yield lambda done, total: progress.update(bar, completed=done, total=total)


def _plain(done: int, total: int) -> None:
    step = max(1, total // LINES)
    if done and (done % step == 0 or done == total):
        with contextlib.suppress(BrokenPipeError):
            click.echo(f"Graded {done} of {total}", err=True)
