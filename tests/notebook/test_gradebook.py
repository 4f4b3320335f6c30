"""nbgrader's gradebook, read back by nbgrader itself. Where its extra is not installed these are left out, unless it is required."""

import csv
import os
import shutil
import sqlite3
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from threadmarks.errors import UsageError
from threadmarks.model import CheckResult, CheckSpec, Evidence, Finding, Report, Verdict, Visibility
from threadmarks.notebook.gradebook import POLICY_CELL, Entry, Gradebook

if os.environ.get("THREADMARKS_NBGRADER") != "required":
    pytest.importorskip("nbgrader")

pytestmark = pytest.mark.filterwarnings("ignore:.*:DeprecationWarning", "ignore::ResourceWarning")
AT = datetime(2026, 11, 23, 3, 58)  # noqa: DTZ001  # as the gradebook keeps it


def check(name, points, verdict, message=""):
    """One check's result."""
    spec = CheckSpec(
        name=name,
        title=f"Title of {name}",
        points=points,
        visibility=Visibility.VISIBLE,
        concept="",
        evidence=Evidence.TRACE,
    )
    findings = (Finding(code="x", message=message),) if message else ()
    return CheckResult(spec=spec, verdict=verdict, findings=findings)


def report(*checks, exercise="ex02", score=None, findings=()):
    """A report on these checks, or on one that passed and one that did not."""
    made = checks or (check("first", 12, Verdict.PASSED), check("second", 8, Verdict.RACE, "Lost: <b>2</b>"))
    return Report(
        exercise=exercise,
        file=f"{exercise}.py",
        verdict=Verdict.RACE,
        checks=made,
        findings=findings,
        score=float(sum(each.score for each in made)) if score is None else score,
        max_score=float(sum(each.max_score for each in made)),
        python="3.11",
        kit="0",
    )


def entry(student="9", name="García, Ana", penalty=0.0, **more):
    """An entry with that report."""
    return Entry(student=student, name=name, report=report(**more), penalty=penalty, submitted=AT)


@pytest.fixture
def url(tmp_path, empty):
    """The URL of an empty gradebook."""
    shutil.copy(empty, tmp_path / "gradebook.db")
    return f"sqlite:///{tmp_path}/gradebook.db"


def write(url, *entries):
    """Write the entries; how many there were."""
    with Gradebook(url) as book:
        return book.write(iter(entries))


def exported(url, tmp_path):
    """What the real `nbgrader export` makes of it: the rows by student and assignment."""
    target = tmp_path / "exported.csv"
    program = Path(sys.executable).with_name("nbgrader")
    subprocess.run([program, "export", "--db", url, "--to", target], cwd=tmp_path, check=True, capture_output=True)
    with target.open(newline="") as file:
        return {(row["student_id"], row["assignment"]): row for row in csv.DictReader(file)}


def dump(tmp_path):
    """Everything in the database."""
    with sqlite3.connect(tmp_path / "gradebook.db") as database:
        lines = list(database.iterdump())
    database.close()
    return lines


def test_nbgraders_own_export_shows_scores_penalties_and_names(url, tmp_path):
    """A penalty is nbgrader's penalty, and no check's points change."""
    assert write(url, entry(), entry("10", "Bob", penalty=2.5)) == 2
    rows = exported(url, tmp_path)
    shown = ("raw_score", "late_submission_penalty", "score", "max_score", "last_name", "first_name", "timestamp")
    assert [rows["9", "ex02"][name] for name in shown] == [
        "12.0",
        "0.0",
        "12.0",
        "20.0",
        "García",
        "Ana",
        "2026-11-23 03:58:00",
    ]
    assert [rows["10", "ex02"][name] for name in shown[:5]] == ["12.0", "2.5", "9.5", "20.0", "Bob"]


def test_formgraders_questions_are_answered(url):
    """What formgrader asks the gradebook for its tables and its pages."""
    ungraded = (check("first", 12, Verdict.PASSED), check("second", 8, Verdict.SUSPECT, "Neither is taken for true"))
    made = Entry(student="9", name="", report=report(*ungraded), penalty=0.0, submitted=None)
    write(url, made, entry("10", "Bob"))
    from nbgrader.api import Gradebook as Nbgraders

    with Nbgraders(url) as book:
        assert book.average_assignment_score("ex02") == 12.0
        assert [each["score"] for each in book.submission_dicts("ex02")] == [12.0, 12.0]
        (nine, ten) = (book.find_submission("ex02", student) for student in ("9", "10"))
        assert (nine.needs_manual_grade, ten.needs_manual_grade) == (True, False)
        grade = book.find_grade("second", "ex02", "ex02", "9")
        assert (grade.auto_score, grade.needs_manual_grade, grade.max_score) == (None, True, 8.0)
        comment = book.find_comment("second", "ex02", "ex02", "10")
        assert comment.comment == "Title of second (race: Lost: ‹b›2‹/b›)"  # noqa: RUF001


def test_writing_the_same_twice_changes_nothing(url, tmp_path):
    """Not a byte of what the database holds."""
    write(url, entry(), entry("10", "Bob", penalty=2.5))
    before = dump(tmp_path)
    write(url, entry(), entry("10", "Bob", penalty=2.5))
    assert dump(tmp_path) == before


def test_a_better_result_replaces_the_old_one_and_spares_what_people_entered(url):
    """Manual scores and comments, and a student's name."""
    write(url, entry())
    from nbgrader.api import Gradebook as Nbgraders

    with Nbgraders(url) as book:
        book.find_grade("second", "ex02", "ex02", "9").manual_score = 5.0
        book.find_comment("second", "ex02", "ex02", "9").manual_comment = "We talked."
        book.update_or_create_student("9", last_name="Known")
        book.db.commit()
    better = report(check("first", 12, Verdict.PASSED), check("second", 8, Verdict.PASSED))
    write(url, Entry(student="9", name="Other", report=better, penalty=0.0, submitted=AT))
    with Nbgraders(url) as book:
        grade = book.find_grade("second", "ex02", "ex02", "9")
        assert (grade.auto_score, grade.manual_score) == (8.0, 5.0)
        comment = book.find_comment("second", "ex02", "ex02", "9")
        assert (comment.auto_comment, comment.comment) == ("Title of second (passed)", "We talked.")
        assert book.find_student("9").last_name == "Known"


def test_what_the_policy_takes_stands_in_a_cell_of_its_own(url):
    """The checks keep their points; the sum is the report's."""
    capped = report(
        check("first", 12, Verdict.PASSED),
        check("second", 8, Verdict.PASSED),
        score=10.0,
        findings=(Finding(code="policy", message="Line 1: frames."),),
    )
    write(url, Entry(student="9", name="", report=capped, penalty=0.0, submitted=None))
    from nbgrader.api import Gradebook as Nbgraders

    with Nbgraders(url) as book:
        submission = book.find_submission("ex02", "9")
        assert (submission.score, submission.max_score) == (10.0, 20.0)
        assert book.find_grade(POLICY_CELL, "ex02", "ex02", "9").auto_score == -10.0
        assert book.find_comment(POLICY_CELL, "ex02", "ex02", "9").comment == "Line 1: frames."


def test_a_check_that_an_exercise_gains_gets_its_cell_for_everybody(url):
    """Assignments change in the middle of a term."""
    write(url, entry())
    more = report(*report().checks, check("third", 4, Verdict.PASSED))
    write(url, Entry(student="9", name="", report=more, penalty=0.0, submitted=AT), entry("10", "Bob"))
    from nbgrader.api import Gradebook as Nbgraders

    with Nbgraders(url) as book:
        assert book.find_submission("ex02", "9").score == 16.0
        assert book.find_assignment("ex02").max_score == 24.0


def test_a_kill_leaves_each_submission_old_or_new(url, tmp_path):
    """Killed while it writes; written again, it is what an undisturbed writing gives."""
    program = f"""
import os, signal, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_gradebook import entry
from threadmarks.notebook.gradebook import Gradebook
def entries():
    for number in range(6):
        yield entry(str(number), "Name")
with Gradebook({url!r}) as book:
    left = [int(sys.argv[1])]
    flush = type(book)._new
    def counted(self, kind, **values):
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        return flush(self, kind, **values)
    type(book)._new = counted
    book.write(entries())
"""
    environment = {**os.environ, "THREADMARKS_NBGRADER": "required"}
    for rows in (5, 13):
        done = subprocess.run([sys.executable, "-c", program, str(rows)], env=environment, check=False)
        assert done.returncode == -9
        with sqlite3.connect(tmp_path / "gradebook.db") as database:
            scores = database.execute(
                "select (select count(*) from grade where notebook_id = n.id and auto_score is not null),"
                " (select count(*) from comment where notebook_id = n.id and auto_comment is not null)"
                " from submitted_notebook n"
            ).fetchall()
        database.close()
        assert set(scores) <= {(3, 3)}
    write(url, *(entry(str(number), "Name") for number in range(6)))
    from nbgrader.api import Gradebook as Nbgraders

    with Nbgraders(url) as book:
        assert {each["student"]: each["score"] for each in book.submission_dicts("ex02")} == dict.fromkeys(
            "012345", 12.0
        )


@pytest.mark.parametrize(
    "bad", ["nonsense", "sqlite:////nowhere/there/gradebook.db", "foreign://user:hunter2@host/db", "sqlite:///{file}"]
)
def test_a_gradebook_that_cannot_be_used_is_a_usage_error_without_its_password(tmp_path, bad):
    """No such database, no such place, no such driver, a file that is none."""
    (tmp_path / "file").write_text("no database " * 1000)
    with pytest.raises(UsageError) as caught:
        write(bad.format(file=tmp_path / "file"), entry())
    assert "cannot be used" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_without_nbgrader_it_says_what_to_install(monkeypatch):
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "nbgrader", None)
    with pytest.raises(UsageError, match=r"pip install 'threadmarks\[nbgrader\]'"):
        Gradebook("sqlite://")
