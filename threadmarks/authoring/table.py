"""The content check as a plain table: readable without colour, one line a row, problems beneath."""

import textwrap
from collections.abc import Iterable

from threadmarks.authoring.rows import Row

_HEADINGS = ("exercise", "file", "", "promised", "seen")


def as_table(rows: Iterable[Row], *, width: int = 120) -> str:
    """The table with a summary line at its end. `width` bounds the last column and the problems, not the others."""
    listed = list(rows)
    cells = [
        (row.exercise or "-", row.what, "ok" if row.ok else "WRONG", row.promise or "-", row.seen or "-")
        for row in listed
    ]
    promised_width = max(20, width // 3)
    widths = [
        max(len(heading), *(len(line[column]) for line in cells), 0) for column, heading in enumerate(_HEADINGS[:3])
    ]
    out = [_line(_HEADINGS, widths, promised_width, width)]
    for row, line in zip(listed, cells, strict=True):
        out.append(_line(line, widths, promised_width, width))
        for problem in row.problems:
            out += textwrap.wrap(problem, width, initial_indent="    - ", subsequent_indent="      ")
    broken = sum(not row.ok for row in listed)
    out += ["", f"{len(listed)} promises, {broken} broken" if broken else f"{len(listed)} promises, all kept"]
    return "\n".join(out) + "\n"


def _line(cells: tuple[str, ...], widths: list[int], promised_width: int, width: int) -> str:
    first = "  ".join(cell.ljust(size) for cell, size in zip(cells[:3], widths, strict=True))
    promised = _cut(cells[3], promised_width).ljust(promised_width)
    return f"{first}  {promised}  {_cut(cells[4], max(20, width - len(first) - promised_width - 4))}".rstrip()


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else text[: size - 3] + "..."
