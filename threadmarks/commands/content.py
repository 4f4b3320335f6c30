"""`grade content`: the author's check that every exercise's parts prove each other."""

import click

from threadmarks.commands import console
from threadmarks.commands.exits import ExitCode

SCHEMA = "threadmarks/content/1"


@click.command(short_help="Check the exercises themselves (for authors).")
@click.argument("exercises", nargs=-1, metavar="[EXERCISE]...")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="How many gradings at once.")
@click.option(
    "--brief",
    is_flag=True,
    help="Try all schedules only of the checks that a wrong solution must fail: half the time, but what must pass is tried less.",
)
@console.json_option
def content(exercises: tuple[str, ...], jobs: int, brief: bool, as_json: bool) -> ExitCode:
    """Check that the stub fails as declared, the reference passes, and each wrong solution fails what it must.

    Prints one line per promise; what is wrong stands beneath it. Exit code 1 if one is broken.

    \b
    Examples:
      grade content              every exercise
      grade content ex02 --jobs 2
      grade content --brief --jobs 2
    """
    from dataclasses import asdict

    from threadmarks.authoring import Row, as_table, check_content
    from threadmarks.report import json

    with console.working("Checking the content") as indicator:
        known: list[Row] = []

        def tell(row: Row) -> None:
            known.append(row)
            indicator.detail(f"{len(known)} promises, {sum(not each.ok for each in known)} broken")

        rows = check_content(exercises, jobs=jobs, brief=brief, tell=tell)
    kept = all(row.ok for row in rows)
    if console.wants_json(as_json):
        console.answer(
            json.dumps({"schema": SCHEMA, "ok": kept, "rows": [{**asdict(row), "ok": row.ok} for row in rows]})
        )
    else:
        console.answer(as_table(rows, width=console.width(widest=160, stored=120)))
    return ExitCode.PASSED if kept else ExitCode.NOT_PASSED
