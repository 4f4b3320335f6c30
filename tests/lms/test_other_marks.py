"""Canvas's gradebook and the tables of Brightspace, Blackboard and Sakai, filled in as exported."""

import codecs
import csv
import io
from pathlib import Path

import handed
import pytest
from click.testing import CliRunner

from threadmarks.commands import main
from threadmarks.commands.export import MOODLE_COLUMNS
from threadmarks.lms.moodle_worksheet import COLUMNS

CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,ex02 Pools (11),ex03 (12),Final Score\n"
    "    Points Possible,,,,,8.00,10.00,(read only)\n"
    '"García, Ana",1201,u1,ana,Lab A,,9.00,\n'
    '"O\'Brien, Bob",1202,u2,bob,"Lab, B",1.00,,\n'
    "=cmd(),1203,u3,li,Lab A,,,\n"
    '"Student, Test",1299,,x,Lab A,,,\n'
)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder with marks under every system's ids."""
    monkeypatch.chdir(tmp_path)
    people = [("1", "1201", handed.REPORT), ("2", "1202", handed.FULL), ("3", "1203", handed.FULL), ("4", "1204", None)]
    for system, name in (("canvas", "user id"), ("blackboard", "username"), ("sakai", "eid"), ("folders", "folder")):
        handed.folder(tmp_path / system, system, [(key, ((name, id_),), each) for key, id_, each in people])
    return tmp_path


def export(system, text, *more, marks=None):
    """The command's end, and the rows that it wrote."""
    Path("in.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    Path("up.csv").unlink(missing_ok=True)
    told = CliRunner().invoke(main, ["export", system, marks or system, "--table", "in.csv", "--out", "up.csv", *more])
    if not Path("up.csv").exists():
        return told, None
    data = Path("up.csv").read_bytes()
    kept = data.decode("utf-16" if data.startswith(codecs.BOM_UTF16_LE) else "utf-8-sig")
    return told, list(csv.reader(io.StringIO(kept, newline=""), delimiter="\t" if "\t" in kept else ",", strict=True))


def test_canvas_gets_one_column_by_its_id_and_no_row_of_points(place):
    """Other assignments, and the points of this one, cannot change."""
    told, rows = export("canvas", CANVAS)
    assert rows == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "ex02 Pools (11)"],
        ["García, Ana", "1201", "u1", "ana", "Lab A", "6.00"],
        ["O'Brien, Bob", "1202", "u2", "bob", "Lab, B", "8.00"],
        ["'=cmd()", "1203", "u3", "li", "Lab A", "8.00"],
    ]
    assert told.exit_code == 1
    assert "Student, Test (1299): no mark here; the row is left out" in told.stdout
    assert "Student 4 (4): missing, no mark" in told.stdout


def test_canvas_points_as_they_are(place):
    """Where asked for."""
    _, rows = export("canvas", CANVAS, "--points")
    assert [row[-1] for row in rows[1:]] == ["3.00", "4.00", "4.00"]


@pytest.mark.parametrize(
    ("text", "more", "said"),
    [
        (CANVAS.replace("ex02 Pools (11)", "ex02 Pools"), (), "has no (assignment id): Canvas would create"),
        (CANVAS.replace("Section,", "Sektion,"), (), 'no column "Section": Canvas would refuse it'),
        (CANVAS.replace("ex03", "ex02"), (), "2 column that begins with ex02"),
        (CANVAS, ("--column", "ex09 (1)"), "no column 'ex09 (1)'"),
        (CANVAS.replace(",8.00,", ",,", 1), (), "does not say how many points"),
    ],
)
def test_a_gradebook_that_canvas_would_misread_is_refused(place, text, more, said):
    """Before anything is written."""
    told, rows = export("canvas", text, *more)
    assert (told.exit_code, rows) == (2, None)
    assert said in told.stderr


def test_anonymous_downloads_of_canvas_cannot_go_back_by_table(place):
    """Nothing is guessed."""
    handed.folder(place / "anon", "canvas", [("anon_1", (("anonymous id", "x1"),), handed.FULL)])
    told, rows = export("canvas", CANVAS, marks="anon")
    assert rows is None
    assert "do not go by Canvas's user ids" in told.stderr


BLACKBOARD = (
    '"Last Name"\t"First Name"\t"Username"\t"ex02 [Total Pts: 8 Score] |664617"\t"Feedback to Learner"\t"Feedback Format"\r\n'
    '"García"\t"Ana"\t"1201"\t""\t""\t""\r\n'
    '"O\'Brien"\t"Bob"\t"1202"\t""\t"see me"\t"PLAIN_TEXT"\r\n'
)


def test_blackboards_table_keeps_its_encoding_and_a_persons_comment(place):
    """UTF-16LE, tabs, Windows' line ends."""
    told, rows = export("blackboard", codecs.BOM_UTF16_LE + BLACKBOARD.encode("utf-16-le"))
    assert Path("up.csv").read_bytes().startswith(codecs.BOM_UTF16_LE)
    assert [row[3] for row in rows[1:]] == ["6.00", "8.00"]
    assert rows[1][4].startswith("<p>Threadmarks ex02: 3 of 4 points")
    assert (rows[1][5], rows[2][4:]) == ("HTML", ["see me", "PLAIN_TEXT"])
    assert "Student 3 (3): not in the table" in told.stdout
    told, rows = export("blackboard", BLACKBOARD.replace(" |664617", ""))
    assert rows is None


def test_brightspaces_table_goes_by_a_roster_and_closes_its_rows(place):
    """Its downloads hold no user name, so a table says who is who."""
    text = (
        "OrgDefinedId,Username,ex02 Points Grade <Numeric MaxPoints:16>,End-of-Line Indicator\n"
        "#771,ana,,#\n#772,bob,,\n#773,x,,\n"
    )
    Path("roster.csv").write_text("id,username\n1201,ana\n1202,BOB\n")
    _, rows = export("brightspace", text, "--roster", "roster.csv", marks="folders")
    assert rows[1:] == [["#771", "ana", "12.00", "#"], ["#772", "bob", "16.00", "#"]]


def test_sakais_table_keeps_its_first_lines(place):
    """They say which assignment it is."""
    text = "ex02,SCORE_GRADE_TYPE\n\nDisplay ID,ID,Last Name,First Name,grade,Submission date,Late submission\n1201,77,García,Ana,,,\n1209,79,X,Y,,,\n"
    told, rows = export("sakai", text, "--max", "10")
    assert rows[:2] == [["ex02", "SCORE_GRADE_TYPE"], []]
    assert rows[3] == ["1201", "77", "García", "Ana", "7.50", "", ""]
    assert len(rows) == 4
    assert "1209: no mark here" in told.stdout
    told, rows = export("sakai", text)
    assert rows is None
    assert "give --max, or --points" in told.stderr


@pytest.mark.parametrize("text", ["id,nickname\na,b\n", "id\na\n"])
def test_a_roster_must_say_which_ids_it_has(place, text):
    """Else ids of one kind would be taken for another's."""
    Path("roster.csv").write_text(text)
    told, _ = export("canvas", CANVAS, "--roster", "roster.csv")
    assert told.exit_code == 2
    assert "the second called one of" in told.stderr


def test_the_columns_that_the_command_offers_are_those_that_there_are():
    """Written twice, so that help stays quick."""
    assert set(MOODLE_COLUMNS) == set(COLUMNS)
