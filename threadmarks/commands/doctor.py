"""`grade doctor`: how well this machine can hold submissions, why, and what to do about it."""

import textwrap
from typing import TYPE_CHECKING, Any

import click

from threadmarks.commands import console, settings
from threadmarks.commands.exits import ExitCode

if TYPE_CHECKING:
    from threadmarks.commands.machine import Machine

SCHEMA = "threadmarks/doctor/1"


@click.command(short_help="Say how strictly this machine can grade, and why.")
@settings.rung_option
@console.json_option
def doctor(rung: str | None, as_json: bool) -> ExitCode:
    """Try every rung of the sandbox on this machine and say which it offers, what failed, and what to do about it.

    Exit code 0 when the rung given with --rung is there (or none was given), 1 when it is not.

    \b
    Examples:
      grade doctor
      grade doctor --rung full
      grade doctor --json
    """
    from threadmarks.commands.machine import survey_machine
    from threadmarks.report import json
    from threadmarks.sandbox import ladder

    machine = survey_machine(ladder.survey())
    there = rung is None or machine.rung.reaches(ladder.Rung(rung))
    if console.wants_json(as_json):
        console.answer(json.dumps(as_object(machine, asked=rung, there=there)))
    else:
        console.answer(as_text(machine, asked=rung, there=there))
    return ExitCode.PASSED if there else ExitCode.NOT_PASSED


def as_object(machine: "Machine", *, asked: str | None, there: bool) -> dict[str, Any]:
    """Everything, in plain JSON values. `asked` is null when no rung was asked for."""
    return {
        "schema": SCHEMA,
        "rung": machine.rung.value,
        "asked": asked,
        "ok": there,
        "rungs": [
            {
                "rung": seen.rung.value,
                "offered": seen.offered,
                "problem": seen.problem,
                "advice": list(machine.advice.get(seen.rung, ())),
            }
            for seen in machine.rungs
        ],
        "system": machine.system,
        "architecture": machine.architecture,
        "python": machine.python,
        "fixed_addresses": machine.fixed_addresses,
        "temporary_folder": machine.temporary,
        "free_bytes": machine.free_bytes,
        "cores": machine.cores,
        "remarks": list(machine.remarks),
    }


def as_text(machine: "Machine", *, asked: str | None, there: bool) -> str:
    """Plain English for an instructor; no colour, so that it can be pasted into a mail."""
    from threadmarks.commands.machine import HELD_BY

    lines = [f'This machine offers the rung "{machine.rung.value}": a submission is held by {HELD_BY[machine.rung]}.']
    if asked is not None:
        lines.append(
            f'The rung "{asked}" that was asked for is {"there" if there else "not there: nothing is graded"}.'
        )
    lines += ["", "The rungs, strictest first:"]
    for seen in machine.rungs:
        lines.append(f"  {seen.rung.value:<18} {'offered' if seen.offered else f'not offered: {seen.problem}'}")
        lines += [f"    {text}" for text in machine.advice.get(seen.rung, ())]
    lines += [
        "",
        f"System     {machine.system}, {machine.architecture}, Python {machine.python}",
        f"Addresses  {'can be fixed, so that runs repeat exactly' if machine.fixed_addresses else 'cannot be fixed'}",
        f"Space      {machine.free_bytes >> 20} MiB free in {machine.temporary}",
        f"Cores      {machine.cores}",
    ]
    if machine.remarks:
        lines += ["", *(f"Note: {remark}" for remark in machine.remarks)]
    wrapped = [
        part
        for line in lines
        for part in textwrap.wrap(line, console.WIDEST, subsequent_indent="      ", replace_whitespace=False) or [""]
    ]
    return "\n".join(wrapped) + "\n"
