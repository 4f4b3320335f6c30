"""`grade explain`: what a finding code means."""

from typing import TYPE_CHECKING

import click

from threadmarks.commands import console
from threadmarks.commands.exits import ExitCode
from threadmarks.errors import UsageError

if TYPE_CHECKING:
    from threadmarks.explain.explanation import Explanation

SCHEMA = "threadmarks/explanation/1"


@click.command(short_help="Say what a finding code means.")
@click.argument("code", required=False)
@console.json_option
def explain(code: str | None, as_json: bool) -> ExitCode:
    """Say what a finding CODE of a report means. Without CODE: list the codes that any exercise can give.

    \b
    Examples:
      grade explain deadlock
      grade explain              every code
    """
    from threadmarks.explain import codes

    told = codes.all_codes() if code is None else (_find(code),)
    if console.wants_json(as_json):
        from dataclasses import asdict

        from threadmarks.report import json

        console.answer(json.dumps({"schema": SCHEMA, "codes": [asdict(each) for each in told]}))
        return ExitCode.PASSED
    from threadmarks.report.layout import Page, Role

    page = Page(console.width(), console.paint())
    if code is None:
        for each in told:
            page.paragraph(f"{each.code:<18} {each.title}", hang=19)
    else:
        page.paragraph(told[0].code, role=Role.HEADING)
        for text in (told[0].title, told[0].text, told[0].advice):
            page.blank()
            page.paragraph(text)
    console.answer(page.text())
    return ExitCode.PASSED


def _find(code: str) -> "Explanation":
    from threadmarks.explain import authored, codes

    wanted = code.strip().strip("[]").lower()
    found = codes.explain(wanted) or authored.explain(wanted)
    if found:
        return found
    near = codes.similar(wanted) or authored.similar(wanted)
    hint = f' Did you mean "{near[0]}"?' if near else ""
    raise UsageError(f'There is no finding code "{wanted}".{hint} See all codes with: {console.program()} explain')
