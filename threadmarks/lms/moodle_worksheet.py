"""Moodle's offline grading worksheet, filled in, and its zip of feedback files.

Moodle compares the head, and the word before an id, with its own language's: so the instructor's own downloaded worksheet is
filled in, never another one composed. A row is written only if all of it may be: what is left out stays in Moodle as it is, whereas
a row with an empty comment would erase the comment there, and one with the comment as it was downloaded would replace its HTML by flat text.
"""

import re
from collections.abc import Mapping

from threadmarks import archive
from threadmarks.errors import UsageError
from threadmarks.explain.safe import one_line
from threadmarks.lms import table
from threadmarks.lms.marks import SIGN, Filled, Mark, Marks
from threadmarks.lms.moodle import PARTICIPANT

COLUMNS = {
    "identifier": "Identifier",
    "grade": "Grade",
    "maximum": "Maximum Grade",
    "changeable": "Grade can be changed",
    "modified": "Last modified (grade)",
    "feedback": "Feedback comments",
    "email": "Email address",
}
"""What the columns are called in English; another language's names are given with `--column`."""
NEEDED = ("identifier", "grade", "modified")
_ID = re.compile(r"(?:.*\D)?(\d+)\s*")


def fill(marks: Marks, data: bytes, where: str, *, names: Mapping[str, str], replace: bool, as_points: bool) -> Filled:
    """The worksheet `data` with the marks. `names` are columns' names in another language; `replace` comments of people's too.

    Raises UsageError when the worksheet cannot be used.
    """
    sheet = table.parse(data, where)
    places = {key: sheet.column(names.get(key, name)) for key, name in COLUMNS.items()}
    missing = [COLUMNS[key] for key in NEEDED if places[key] < 0]
    if missing:
        raise UsageError(
            f'{where} has no column "{missing[0]}". Is it a grading worksheet? If your site speaks another language, say what it calls '
            f'it: --column {next(key for key in NEEDED if places[key] < 0)}="..."'
        )
    if places["feedback"] == 0:
        raise UsageError(f"{where}: Moodle ignores feedback in the first column. Download the worksheet again.")
    if places["maximum"] < 0 and not as_points:
        raise UsageError(
            f'{where} has no column "{COLUMNS["maximum"]}", so marks cannot be scaled: name it, or give --points.'
        )
    return _Filling(sheet, places, replace=replace, as_points=as_points).fill(marks)


class _Filling:
    def __init__(self, sheet: table.Table, places: dict[str, int], *, replace: bool, as_points: bool) -> None:
        self._sheet = sheet
        self._places = places
        self._replace = replace
        self._as_points = as_points

    def fill(self, marks: Marks) -> Filled:
        by_id, by_email, left = _index(marks)
        rows = []
        seen: set[int] = set()
        for row in self._sheet.rows:
            found = _ID.fullmatch(self._of(row, "identifier"))
            mark = by_id.get(found[1]) if found else None
            mark = mark or by_email.get(self._of(row, "email").strip().casefold())
            if mark is None:
                left.append(
                    f"{one_line(self._of(row, 'identifier'))}: no mark here; the row is left out, so Moodle keeps what it has"
                )
                continue
            seen.add(id(mark))
            problem, filled = self._row(row, mark)
            if problem:
                left.append(f"{mark.who}: {problem}")
            else:
                rows.append(filled)
        left += [
            f"{mark.who}: not in the worksheet, and Moodle would drop it silently"
            for mark in marks.marks
            if id(mark) not in seen
        ]
        return Filled(data=table.write(self._sheet, rows), count=len(rows), left=tuple(left))

    def _row(self, row: tuple[str, ...], mark: Mark) -> tuple[str, list[str]]:
        """What stands against the row, and the row filled in."""
        most = table.number(self._of(row, "maximum"))
        if most is None and not self._as_points:
            return f'"{self._of(row, "maximum")}" is no maximum to scale to; give --points', []
        grade = mark.points if self._as_points or most is None else mark.scaled(most)
        if most is not None and grade > most:
            return (
                f"{grade:g} is more than the maximum of {most:g}: Moodle would refuse the grade and take the comment",
                [],
            )
        if self._of(row, "changeable").strip() == "No":
            return "Moodle says that the grade cannot be changed", []
        if self._of(row, "grade").strip() and self._of(row, "modified").strip() in ("", "-"):
            return "it has a grade and no date of it, so Moodle would skip it: download the worksheet again", []
        comment = self._of(row, "feedback").strip()
        if comment and not comment.startswith(SIGN) and not self._replace:
            return "somebody's own comment is there and would be replaced: --replace-comments does so", []
        kept = {place for key, place in self._places.items() if key != "email"}
        filled = [cell if place in kept or cell == "-" else table.neutral(cell) for place, cell in enumerate(row)]
        filled[self._places["grade"]] = f"{grade:.2f}"  # a comma would cut the number off
        if self._places["feedback"] > 0:
            filled[self._places["feedback"]] = mark.comment
        return "", filled

    def _of(self, row: tuple[str, ...], key: str) -> str:
        return row[self._places[key]] if self._places[key] >= 0 else ""


def _index(marks: Marks) -> tuple[dict[str, Mark], dict[str, Mark], list[str]]:
    """The marks by participant and by e-mail address, and why the others cannot be sent."""
    by_id: dict[str, Mark] = {}
    by_email: dict[str, Mark] = {}
    left = list(marks.left)
    for mark in marks.marks:
        if mark.id(PARTICIPANT):
            by_id[mark.id(PARTICIPANT)] = mark
        elif mark.id("email"):
            by_email[mark.id("email").casefold()] = mark
    if marks.marks and not (by_id or by_email):
        raise UsageError(
            f"These marks go by {marks.marks[0].ids[0][0] if marks.marks[0].ids else 'no id'}, and Moodle's worksheet by participant: grade "
            'what Moodle\'s "Download all submissions" gives.'
        )
    return by_id, by_email, left


def feedback_zip(marks: Marks) -> Filled:
    """The pages of feedback as Moodle's "Upload multiple feedback files in a zip" takes them."""
    files: dict[str, bytes] = {}
    left = list(marks.left)
    for mark in marks.marks:
        participant = mark.id(PARTICIPANT)
        if participant:
            files[f"Participant_{participant}_assignsubmission_file/feedback.html"] = mark.page.read_bytes()
        else:
            left.append(f"{mark.who}: no participant id, so Moodle would not know whose the page is")
    return Filled(data=archive.zipped(files), count=len(files), left=tuple(left))
