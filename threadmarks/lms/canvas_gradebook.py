"""Canvas's gradebook, exported and filled in: one assignment's column, and the rows that have a mark.

Other assignments' columns are not written, so that nothing of theirs changes; neither is the row of points possible, which may change points. A
column without `(assignment id)` would become a new assignment, and is refused. There is no column for comments: `canvas_web` sends them.
"""

import re

from threadmarks.errors import UsageError
from threadmarks.explain.safe import one_line
from threadmarks.lms import table
from threadmarks.lms.marks import Filled, Mark, Marks

KEPT = ("Student", "ID", "SIS User ID", "SIS Login ID", "Root Account", "Section")
NEEDED = ("Student", "ID", "Section")
POSSIBLE = "points possible"
_WITH_ID = re.compile(r".*\((\d+)\)\s*")


def fill(marks: Marks, data: bytes, where: str, *, column: str, as_points: bool) -> Filled:
    """The gradebook's rows that have a mark. `column` is the assignment's; "": the one that begins like the exercise. Raises UsageError."""
    book = table.parse(data, where)
    for name in NEEDED:
        if book.column(name) < 0:
            raise UsageError(f'{where} has no column "{name}": Canvas would refuse it. Export the gradebook again.')
    place = _place(book, marks.exercise, column, where)
    possible = next((table.number(row[place]) for row in book.rows if row[0].strip().casefold() == POSSIBLE), None)
    if possible is None and not as_points:
        raise UsageError(
            f"{where} does not say how many points {book.head[place]} has, so marks cannot be scaled: give --points."
        )
    by_id = {mark.id("user id"): mark for mark in marks.marks if mark.id("user id")}
    if marks.marks and not by_id:
        raise UsageError(
            "These marks do not go by Canvas's user ids: grade what Canvas's \"Download Submissions\" gives (not anonymously)."
        )
    places = [at for name in KEPT if (at := book.column(name)) >= 0]
    rows, left, seen = [], list(marks.left), set()
    id_place = book.column("ID")
    for row in book.rows:
        mark = by_id.get(row[id_place].strip())
        if mark is None:
            if row[id_place].strip():
                left.append(
                    f"{one_line(row[0])} ({one_line(row[id_place])}): no mark here; the row is left out, so Canvas keeps what it has"
                )
            continue
        seen.add(mark.id("user id"))
        cells = [row[at] if at == id_place else table.neutral(row[at]) for at in places]
        rows.append([*cells, _grade(mark, possible, as_points=as_points)])
    left += [f"{mark.who}: not in the gradebook" for id_, mark in by_id.items() if id_ not in seen]
    left += [f"{mark.who}: no user id" for mark in marks.marks if not mark.id("user id")]
    head = table.Table(
        head=(*(book.head[at] for at in places), book.head[place]),
        rows=(),
        encoding=book.encoding,
        delimiter=book.delimiter,
        newline=book.newline,
    )
    return Filled(data=table.write(head, rows), count=len(rows), left=tuple(left))


def _place(book: table.Table, exercise: str, column: str, where: str) -> int:
    if column:
        found = [at for at, name in enumerate(book.head) if name.strip() == column.strip()]
    else:
        found = [at for at, name in enumerate(book.head) if re.match(rf"{exercise}\b", name.strip(), re.IGNORECASE)]
    if len(found) != 1:
        what = f"column {column!r}" if column else f"column that begins with {exercise}"
        raise UsageError(f"{where} has {len(found) or 'no'} {what}: name the assignment's with --column.")
    if not _WITH_ID.fullmatch(book.head[found[0]]):
        raise UsageError(
            f"The column {book.head[found[0]]!r} has no (assignment id): Canvas would create a new assignment."
        )
    return found[0]


def _grade(mark: Mark, possible: float | None, *, as_points: bool) -> str:
    return f"{mark.points if as_points or possible is None else mark.scaled(possible):.2f}"
