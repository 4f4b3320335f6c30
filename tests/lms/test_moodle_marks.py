"""Moodle's worksheet and feedback zip: each trap of its importer, seen on a live site, is stepped around or told."""

import csv
import io
import re
import zipfile

import handed
import pytest
from click.testing import CliRunner

from threadmarks.commands import main
from threadmarks.errors import UsageError
from threadmarks.lms import marks, moodle_worksheet

HEAD = (
    'Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed",'
    '"Last modified (submission)","Online text","Last modified (grade)","Feedback comments"\n'
)
WHEN = '"Monday, 23 November 2026, 3:58 AM"'
OURS = '"Threadmarks ex02: 1 of 4 points"'


def row(number, grade="", *, when="-", comment="", maximum="100.00", changeable="Yes", name="Ana Garcia", online=""):
    """A row as Moodle writes it."""
    return (
        f'"Participant {number}","{name}",p{number}@example.com,"Submitted for grading",{grade},{maximum},{changeable},'
        f"{WHEN},{online},{when},{comment}\n"
    )


def sheet(*rows, head=HEAD):
    """A worksheet as downloaded: with a mark of its encoding."""
    return ("\ufeff" + head + "".join(rows)).encode()


@pytest.fixture
def known(tmp_path):
    """Marks of four participants; one handed in nothing."""
    people = [("9", handed.REPORT), ("10", handed.FULL), ("11", handed.REPORT), ("12", None)]
    out = handed.folder(tmp_path / "marks", "moodle", [(key, (("participant id", key),), each) for key, each in people])
    return marks.read(out, None)


def fill(known, *rows, replace=False, as_points=False, names=None, head=HEAD):
    """The rows of the filled-in worksheet by identifier, and what was left out."""
    made = moodle_worksheet.fill(
        known, sheet(*rows, head=head), "worksheet.csv", names=names or {}, replace=replace, as_points=as_points
    )
    assert made.data.startswith(b"\xef\xbb\xbf")
    rows_ = list(csv.reader(io.StringIO(made.data.decode("utf-8-sig"), newline=""), strict=True))
    assert {len(each) for each in rows_} == {11}
    assert rows_[0] == next(csv.reader([head]))
    assert made.count == len(rows_) - 1
    return {each[0]: each for each in rows_[1:]}, "\n".join(made.left)


def test_a_worksheet_is_filled_in_by_participant_and_scaled(known):
    """Not by name: two may share one."""
    rows, left = fill(known, row(10), row(9), row(12), row(77))
    assert {id_: each[4] for id_, each in rows.items()} == {"Participant 10": "100.00", "Participant 9": "75.00"}
    assert rows["Participant 9"][5] == "100.00"
    assert rows["Participant 9"][9] == "-"
    assert "Participant 12: no mark here" in left
    assert "Student 12 (12): missing, no mark" in left
    assert "Participant 77: no mark here" in left


def test_1_numbers_have_a_point(known):
    """71,25 would become 71.00, silently. A maximum with a comma is understood."""
    rows, _ = fill(known, row(9, maximum='"95,00"'))
    assert rows["Participant 9"][4] == "71.25"


def test_2_a_graded_row_without_its_date_is_left_out_and_told(known):
    """Moodle would skip it."""
    rows, left = fill(known, row(9, "70.50", when="-"), row(10, "70.50", when=WHEN, comment=OURS))
    assert set(rows) == {"Participant 10"}
    assert rows["Participant 10"][9] == "Monday, 23 November 2026, 3:58 AM"
    assert "Student 9 (9): it has a grade and no date of it, so Moodle would skip it" in left


def test_3_no_row_has_an_empty_comment(known):
    """It would erase the one that is there; so rows without a mark are not there at all."""
    rows, _ = fill(known, row(9), row(12, "50.00", when=WHEN, comment='"well done"'))
    assert set(rows) == {"Participant 9"}
    assert all(each[10] for each in rows.values())


def test_4_a_mark_above_the_maximum_is_left_out(known):
    """Moodle would refuse the grade and keep the comment."""
    rows, left = fill(known, row(9, maximum="2.00"), row(10, maximum="4.00"), as_points=True)
    assert {id_: each[4] for id_, each in rows.items()} == {"Participant 10": "4.00"}
    assert "Student 9 (9): 3 is more than the maximum of 2" in left


@pytest.mark.parametrize("bad", ['"Participant 9",x\n', row(9).replace("\n", ",more\n"), '"Participant 9\n'])
def test_5_a_ragged_worksheet_is_refused(known, bad):
    """Moodle refuses all of it for one row."""
    with pytest.raises(UsageError, match=r"row 3 has|is no table"):
        fill(known, row(10), bad)


def test_6_a_worksheet_with_feedback_first_is_refused(known):
    """Moodle would ignore the feedback."""
    cells = HEAD.strip().split(",")
    head = ",".join([cells[-1], *cells[:-1]]) + "\n"
    with pytest.raises(UsageError, match="Moodle ignores feedback in the first column"):
        moodle_worksheet.fill(known, sheet(head=head), "worksheet.csv", names={}, replace=False, as_points=False)


def test_7_a_participant_that_is_not_in_the_worksheet_is_told(known):
    """Moodle would drop the row without a word."""
    _, left = fill(known, row(9))
    assert "Student 10 (10): not in the worksheet, and Moodle would drop it silently" in left
    assert "Student 11 (11): not in the worksheet" in left


def test_8_a_persons_comment_is_left_alone_and_ours_is_replaced(known):
    """As it was downloaded it is flat text: sent again, it would replace the HTML there."""
    rows = [row(9, "1.00", when=WHEN, comment='"see me, Ann"'), row(10, "1.00", when=WHEN, comment=OURS)]
    filled, left = fill(known, *rows)
    assert set(filled) == {"Participant 10"}
    assert filled["Participant 10"][10].startswith("<p>Threadmarks ex02: 4 of 4 points")
    assert "Student 9 (9): somebody's own comment is there" in left
    filled, _ = fill(known, *rows, replace=True)
    assert set(filled) == {"Participant 9", "Participant 10"}


def test_feedback_is_html_without_any_markup_of_a_students(known):
    """Moodle shows it as it is."""
    rows, _ = fill(known, row(9))
    comment = rows["Participant 9"][10]
    assert re.findall(r"<[^>]*>", comment) == ["<p>", "</p>", "<ul>", "<li>", "</li>", "</ul>"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; =1+1" in comment


def test_cells_that_a_spreadsheet_would_compute_are_text(known):
    """Instructors open it in one, before they upload it. What Moodle reads stays as it is."""
    rows, _ = fill(known, row(9, name="=HYPERLINK(1)", online='"@SUM(1)"'))
    assert rows["Participant 9"][1] == "'=HYPERLINK(1)"
    assert rows["Participant 9"][8] == "'@SUM(1)"
    assert rows["Participant 9"][9] == "-"


def test_a_locked_grade_is_left_out(known):
    """Moodle would not take it."""
    rows, left = fill(known, row(9, changeable="No"))
    assert rows == {}
    assert "Moodle says that the grade cannot be changed" in left


def test_another_languages_columns_are_named(known):
    """Moodle compares them with its own: they stay as they are."""
    head = HEAD.replace("Grade,", "Bewertung,", 1)
    with pytest.raises(UsageError, match=r'no column "Grade".*--column grade='):
        fill(known, row(9), head=head)
    rows, _ = fill(known, row(9).replace("Participant", "Teilnehmer/in"), head=head, names={"grade": "Bewertung"})
    assert rows["Teilnehmer/in 9"][4] == "75.00"


def test_a_blind_worksheet_is_filled_in(known):
    """It has neither names nor addresses."""
    head = HEAD.replace('"Full name","Email address",', "")
    line = row(9).replace('"Ana Garcia",p9@example.com,', "")
    made = moodle_worksheet.fill(known, sheet(line, head=head), "w.csv", names={}, replace=False, as_points=False)
    assert made.count == 1


def test_groups_and_plain_folders_have_no_participant(tmp_path):
    """Their ids mean something else: nothing is guessed."""
    out = handed.folder(tmp_path / "marks", "folders", [("anna", (("folder", "anna"),), handed.FULL)])
    with pytest.raises(UsageError, match="These marks go by folder, and Moodle's worksheet by participant"):
        fill(marks.read(out, None), row(9))


def test_points_for_a_person_to_decide_are_not_sent(tmp_path):
    """No automatic marks: not even the rest of them, as if it were all."""
    from tests.front import samples

    people = [("9", (("participant id", "9"),), samples.SAMPLES["suspect"])]
    known = marks.read(handed.folder(tmp_path / "marks", "moodle", people), None)
    rows, left = fill(known, row(9))
    assert rows == {}
    assert "Student 9 (9): 2 points are a person's to decide" in left


def test_feedback_that_is_older_than_the_mark_is_not_sent(tmp_path, known):
    """An interrupted batch writes marks, and pages only at its end."""
    manifest = tmp_path / "marks" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"mark": 3.0', '"mark": 2.0', 1))
    again = marks.read(tmp_path / "marks", None)
    assert [mark.id("participant id") for mark in again.marks] == ["10", "11"]
    assert "Student 9 (9): its feedback is older than its mark; run the batch to its end" in again.left


def test_the_zip_names_each_page_by_participant_and_is_the_same_each_time(known):
    """As Moodle takes them apart: everything up to the first underscore is ignored."""
    made = moodle_worksheet.feedback_zip(known)
    with zipfile.ZipFile(io.BytesIO(made.data)) as archive:
        names = archive.namelist()
        page = archive.read("Participant_9_assignsubmission_file/feedback.html").decode()
    assert names == [f"Participant_{id_}_assignsubmission_file/feedback.html" for id_ in (10, 11, 9)]
    assert "<!doctype html>" in page
    assert made.data == moodle_worksheet.feedback_zip(known).data


def test_the_command_writes_both_and_says_what_is_left_out(tmp_path, monkeypatch, known):
    """Exit code 1: something is left for a person."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "worksheet.csv").write_bytes(sheet(row(9), row(10)))
    words = ["export", "moodle", "marks", "--worksheet", "worksheet.csv", "--out", "up.csv", "--feedback-zip", "up.zip"]
    told = CliRunner().invoke(main, words)
    assert told.exit_code == 1, told.output
    assert "2 rows in up.csv." in told.stdout
    assert "Student 11 (11): not in the worksheet" in told.stdout
    assert "3 pages in up.zip." in told.stdout
    assert (tmp_path / "up.csv").read_bytes().count(b"Participant") == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["marks"], "Name the worksheet and where"),
        (["nowhere", "--feedback-zip", "x.zip"], "is that the --out of a `grade batch`?"),
        (["marks", "--exercise", "ex01", "--feedback-zip", "x.zip"], "has no marks for ex01; it has ex02"),
        (["marks", "--worksheet", "w", "--out", "x", "--column", "grad=x"], "--column wants one of"),
        (["marks", "--worksheet", "none.csv", "--out", "x"], "cannot be read"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(tmp_path, monkeypatch, known, words, said):
    """And nothing is written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "w").write_bytes(sheet())
    told = CliRunner().invoke(main, ["export", "moodle", *words])
    assert told.exit_code == 2
    assert said in told.stderr
    assert not list(tmp_path.glob("x*"))
