"""Brightspace's, Blackboard's and Sakai's tables of marks, filled in. Written after their documentation and never uploaded to one.

As everywhere: the instructor's own export is filled in, rows go by the system's ids, and a row without a mark is left out.
"""

import re
from dataclasses import dataclass

from threadmarks.errors import UsageError
from threadmarks.explain.safe import one_line
from threadmarks.lms import table
from threadmarks.lms.marks import Filled, Marks


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """What a system's table looks like."""

    name: str
    keys: tuple[tuple[str, str], ...]  # columns that a student is known by, and our id that stands there
    column: str  # a pattern of the column of marks, with the exercise for %s
    total: str = ""  # a pattern in its name that gives what marks are out of
    end: tuple[str, str] | None = None  # a column that closes each row, and what stands there
    feedback: tuple[str, str] | None = None  # the columns of the comment and of its format


BRIGHTSPACE = System(
    name="Brightspace",
    keys=(("OrgDefinedId", "sid"), ("Username", "username")),
    column=r"%s\b.* Points Grade\b.*",
    total=r"MaxPoints:([\d.]+)",
    end=("End-of-Line Indicator", "#"),
)
BLACKBOARD = System(
    name="Blackboard",
    keys=(("Username", "username"), ("Student ID", "sid")),
    column=r"%s\b.*\|\d+",
    total=r"\[Total Pts: ([\d.,]+)",
    feedback=("Feedback to Learner", "Feedback Format"),
)
SAKAI = System(name="Sakai", keys=(("Display ID", "eid"), ("ID", "eid")), column="grade")
SYSTEMS = {"brightspace": BRIGHTSPACE, "blackboard": BLACKBOARD, "sakai": SAKAI}


def fill(system: System, marks: Marks, data: bytes, where: str, *, column: str, most: float | None) -> Filled:
    """The table with the marks, scaled to `most` (0: points as they are; None: to what the column's name says). Raises UsageError."""
    lead, sheet = _without_lead(data, where) if system is SAKAI else (b"", table.parse(data, where))
    place = _place(system, sheet, marks.exercise, column, where)
    keys = [(sheet.column(name), id_) for name, id_ in system.keys if sheet.column(name) >= 0]
    if not keys:
        raise UsageError(
            f"{where} has no column {' or '.join(name for name, _ in system.keys)}: export it with user names."
        )
    found = re.search(system.total, sheet.head[place]) if system.total else None
    limit = most if most is not None else table.number(found[1]) if found else None
    if limit is None:
        raise UsageError(f"The column {sheet.head[place]!r} does not say what full marks are: give --max, or --points.")
    rows, left, seen = [], list(marks.left), set()
    for row in sheet.rows:
        mark = next(
            (mark for mark in marks.marks for at, id_ in keys if mark.id(id_) and _same(row[at], mark.id(id_))), None
        )
        if mark is None:
            left.append(f"{one_line(row[keys[0][0]])}: no mark here; the row is left out")
            continue
        seen.add(id(mark))
        own = {at for at, _ in keys}
        cells = [
            cell if at in own or table.number(cell) is not None else table.neutral(cell) for at, cell in enumerate(row)
        ]
        cells[place] = f"{mark.scaled(limit) if limit else mark.points:.2f}"
        _also(system, sheet, cells, mark.comment)
        rows.append(cells)
    left += [f"{mark.who}: not in the table" for mark in marks.marks if id(mark) not in seen]
    return Filled(data=lead + table.write(sheet, rows), count=len(rows), left=tuple(left))


def _also(system: System, sheet: table.Table, cells: list[str], comment: str) -> None:
    """What goes into a row beside the mark."""
    if system.end is not None and sheet.column(system.end[0]) >= 0:
        cells[sheet.column(system.end[0])] = system.end[1]
    if system.feedback is not None:
        text, kind = (sheet.column(name) for name in system.feedback)
        if text >= 0 and kind >= 0 and not cells[text].strip():  # a person's comment stays
            cells[text], cells[kind] = comment, "HTML"


def _place(system: System, sheet: table.Table, exercise: str, column: str, where: str) -> int:
    pattern = re.escape(column) if column else system.column.replace("%s", exercise)
    found = [at for at, name in enumerate(sheet.head) if re.fullmatch(pattern, name.strip(), re.IGNORECASE)]
    if len(found) != 1:
        raise UsageError(
            f"{where} has {len(found) or 'no'} column for {exercise} as {system.name} names them: name it with --column."
        )
    if system is BLACKBOARD and not re.search(r"\|\d+\s*$", sheet.head[found[0]]):
        raise UsageError(f"The column {sheet.head[found[0]]!r} has no |id: Blackboard would create a new one.")
    return found[0]


def _same(cell: str, id_: str) -> bool:
    """Brightspace writes `#` before ids, so that spreadsheets take them for text."""
    return cell.strip().removeprefix("#").casefold() == id_.casefold()


def _without_lead(data: bytes, where: str) -> tuple[bytes, table.Table]:
    """Sakai's `grades.csv` begins with a line about the assignment and an empty one: they stay as they are."""
    lines = data.splitlines(keepends=True)
    start = next((number for number, line in enumerate(lines) if b"Display ID" in line), None)
    if start is None:
        raise UsageError(f'{where} has no column "Display ID": is it the grades.csv of "Download All"?')
    return b"".join(lines[:start]), table.parse(b"".join(lines[start:]), where)
