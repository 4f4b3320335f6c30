"""The tables of docs/security.md, made from the attacks' declarations. A test holds the document and them together.

`python -m tests.attacks.table` prints the tables; `--write` puts them into the document.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from tests.attacks import files
from tests.attacks.declaration import FAMILIES, STOPS, Attack, of_folders
from threadmarks.sandbox.ladder import Rung

DOCUMENT = Path(__file__).parents[2] / "docs" / "security.md"
BEGIN, END = "<!-- made by tests/attacks/table.py -->", "<!-- end of what is made -->"


def corpus() -> list[Attack]:
    """Every attack that is graded."""
    return [*of_folders(), *files.texts()]


def tables(attacks: Sequence[Attack]) -> str:
    """What the document holds between its two marks."""
    return "\n".join([BEGIN, "", *_families(attacks), "", *_forgeries(attacks), "", *_open(attacks), "", END])


def _families(attacks: Sequence[Attack]) -> list[str]:
    rows = ["| Family | What stops it | " + " | ".join(Rung) + " |", "|---|---|" + "---|" * len(Rung)]
    for family, title in FAMILIES.items():
        own = [attack for attack in attacks if attack.family == family]
        refused = len(files.PATHS) if family == "files" else 0
        stops = [stop for stop in STOPS if any(stop in attack.stopped_by for attack in own) and stop != "nothing"]
        held = [sum(rung in attack.holds_on and not attack.open for attack in own) + refused for rung in Rung]
        count = len(own) + refused
        cells = [f"{held_on} of {count}" for held_on in held]
        named = [*(["safe read"] if refused else []), *stops]
        rows.append(f"| {title} | {', '.join(named)} | {' | '.join(cells)} |")
    return rows


def _forgeries(attacks: Sequence[Attack]) -> list[str]:
    rows = ["| Known forgery | Exercise | At most, of 20 points | Shown by |", "|---|---|---|---|"]
    for attack in attacks:
        if attack.known_forgery:
            flags = " or ".join(attack.must.flag)
            rows.append(f"| `{attack.id}` | {attack.exercise} | {attack.must.ceiling:g} | {flags} |")
    return rows


def _open(attacks: Sequence[Attack]) -> list[str]:
    """What must be stopped and is not yet, and what is promised on no rung."""
    rows = [
        f"| `{attack.id}` | {attack.tries} | {attack.open or _unpromised(attack)} |"
        for attack in attacks
        if attack.open or Rung.FULL not in attack.holds_on
    ]
    if not rows:
        return ["On the full rung every attack of the corpus is stopped, or is a known forgery with its ceiling."]
    return ["| Not stopped | What it does | Why |", "|---|---|---|", *rows]


def _unpromised(attack: Attack) -> str:
    most = "" if attack.must.ceiling is None else f"; it gets at most {attack.must.ceiling:g} of 20 points"
    return f"nothing is promised about it{most}"


def in_document(text: str) -> str:
    """The part of the document that is made."""
    return BEGIN + text.partition(BEGIN)[2].partition(END)[0] + END


def main(arguments: list[str]) -> int:
    """Print the tables, or write them into the document."""
    made = tables(corpus())
    if arguments == ["--write"]:
        text = DOCUMENT.read_text(encoding="utf-8")
        DOCUMENT.write_text(text.replace(in_document(text), made), encoding="utf-8")
    else:
        print(made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
