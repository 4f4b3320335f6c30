"""Formgrader, nbgrader's own pages for marks, served by a real Jupyter server from a gradebook and a course that `grade` filled."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import replace

import pytest

from tests.notebook.test_gradebook import check, entry, report
from threadmarks.model import Verdict
from threadmarks.notebook.course import Course
from threadmarks.notebook.gradebook import POLICY_CELL, Gradebook

if os.environ.get("THREADMARKS_NBGRADER") != "required":
    pytest.importorskip("nbgrader")
    pytest.importorskip("jupyter_server")

pytestmark = pytest.mark.filterwarnings("ignore:.*:DeprecationWarning", "ignore::ResourceWarning")
TOKEN = "formgrader"
PATIENCE_S = 300.0
"""Until a server that has not begun, or does not answer, is given up. A busy machine takes its time."""
EVIL = "# </script><b id='evil'>\nanswer = 42\n"
CONFIGURATION = """
c = get_config()
c.CourseDirectory.root = {root!r}
c.CourseDirectory.db_url = {url!r}
"""


def fill(folder, empty, *entries):
    """The gradebook and the course's notebooks; the course, to ask what it left out."""
    course = Course(folder)
    if not (folder / "gradebook.db").exists():
        shutil.copy(empty, folder / "gradebook.db")
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as book:
        book.write(course.noted(iter(entries)))
    return course


@pytest.fixture(scope="module")
def course(tmp_path_factory, empty):
    """A course with two students, one of them late, one with a file that would like to be markup."""
    folder = tmp_path_factory.mktemp("course")
    fill(folder, empty, replace(entry(), text=EVIL), replace(entry("10", "Bob", penalty=2.5), text="answer = 41\n"))
    (folder / "nbgrader_config.py").write_text(
        CONFIGURATION.format(root=str(folder), url=f"sqlite:///{folder}/gradebook.db")
    )
    return folder


@pytest.fixture(scope="module")
def get(course, tmp_path_factory):
    """Asks the server for a page: its status and text."""
    own = tmp_path_factory.mktemp("jupyter")
    places = {f"JUPYTER_{name}_DIR": str(own / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    options = (
        "--allow-root --no-browser --port=0 --ServerApp.ip=127.0.0.1 --ServerApp.open_browser=False "
        f"--IdentityProvider.token={TOKEN}"
    ).split()
    extension = "--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': True}"
    log = own / "log"
    with log.open("wb") as said:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", *options, extension, f"--ServerApp.root_dir={course}"],
            cwd=course,
            env={**os.environ, **places, "HOME": str(own)},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    try:
        base = address(server, log)

        def ask(path):
            request = urllib.request.Request(f"{base}/formgrader/{path}", headers={"Authorization": f"token {TOKEN}"})  # noqa: S310
            try:
                with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310  # this test's own server
                    return answer.status, answer.read().decode()
            except urllib.error.HTTPError as refused:
                with refused:
                    return refused.code, refused.read().decode()

        yield ask
    finally:
        server.terminate()
        server.wait(PATIENCE_S)


def answers(port):
    """Whether somebody listens there: the server tells where before it does."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S).close()
    except ConnectionRefusedError:
        return False
    return True


def address(server, log):
    """Where the server listens, when it does."""
    begin = time.monotonic()
    while time.monotonic() - begin < PATIENCE_S and server.poll() is None:
        found = re.search(rb"is running at:\s.*?http://127\.0\.0\.1:(\d+)", log.read_bytes(), re.DOTALL)
        if found and answers(int(found[1])):
            return f"http://127.0.0.1:{int(found[1])}"
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def submissions(get):
    """The ids of the submissions that formgrader opens, by student."""
    return {each["student"]: each["id"] for each in json.loads(get("api/submitted_notebooks/ex02/ex02")[1])}


def test_the_assignment_and_its_submissions_are_listed(get):
    """With their scores, as in the tables of its pages."""
    assert get("manage_assignments")[0] == get("gradebook/ex02/ex02")[0] == 200
    (assignment,) = json.loads(get("api/assignments")[1])
    assert [assignment[key] for key in ("name", "max_score", "average_score")] == ["ex02", 20.0, 12.0]
    listed = json.loads(get("api/submitted_notebooks/ex02/ex02")[1])
    assert {each["student"]: (each["score"], each["max_score"]) for each in listed} == {
        "9": (12.0, 20.0),
        "10": (12.0, 20.0),
    }
    assert {each["last_name"] for each in listed} == {"García", "Bob"}
    assert {each["id"] for each in json.loads(get("api/students")[1])} == {"9", "10"}


def test_a_submission_is_shown_with_its_file_and_a_field_for_each_mark_and_comment(get):
    """The student's text as text, whatever it holds."""
    status, page = get(f"submissions/{submissions(get)['9']}/?index=0")
    assert status == 200
    assert "42" in page
    assert "<b id='evil'>" not in page
    for name in ("first", "second", POLICY_CELL):
        assert re.search(rf'<input class="score tabbable" id="{name}"', page), name
        assert re.search(rf'<textarea [^>]*id="{name}-comment"', page), name
    assert re.findall(r"/ (\d+\.\d+)\s*</span>", page) == ["12.0", "8.0", "0.0"]


def test_its_marks_and_comments_are_those_of_the_report(get):
    """What the page's script asks for, and puts into the fields."""
    id_ = submissions(get)["9"]
    grades = {each["name"]: each for each in json.loads(get(f"api/grades?submission_id={id_}")[1])}
    assert {name: (each["auto_score"], each["max_score"]) for name, each in grades.items()} == {
        "first": (12.0, 12.0),
        "second": (0.0, 8.0),
        POLICY_CELL: (0.0, 0.0),
    }
    comments = {each["name"]: each["auto_comment"] for each in json.loads(get(f"api/comments?submission_id={id_}")[1])}
    assert comments["first"] == "Title of first (passed)"
    assert comments["second"].startswith("Title of second (race: Lost:")


def test_the_notebooks_are_ones_that_nbformat_takes(course):
    """And hold no more of a check than its name and title."""
    import nbformat

    for student in ("9", "10"):
        path = course / "autograded" / student / "ex02" / "ex02.ipynb"
        made = nbformat.read(path, as_version=4)
        nbformat.validate(made)
        assert [cell.source for cell in made.cells[1:3]] == [
            "# first: Title of first",
            "# second: Title of second",
        ]


def test_what_others_made_and_ids_that_are_no_folders_are_left_alone_and_told(tmp_path, empty):
    """The gradebook has their marks."""
    foreign = tmp_path / "autograded" / "9" / "ex02" / "ex02.ipynb"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("{}")
    (tmp_path / "source" / "ex02").mkdir(parents=True)
    ids = ("9", "../9", "a/b", ".hidden", "a..b", "C:9", "")
    course = fill(tmp_path, empty, *(entry(id_, "Name") for id_ in ids))
    assert foreign.read_text() == "{}"
    assert len(course.left_out) == len(ids)
    assert "was made by somebody else" in course.left_out[0]
    assert {each.partition(": ")[2] for each in course.left_out[1:]} == {"the id is no name of a folder"}
    assert [path.name for path in (tmp_path / "autograded").iterdir()] == ["9"]
    assert list((tmp_path / "source" / "ex02").iterdir()) == []


def test_a_second_time_only_what_changed_is_written(tmp_path, empty):
    """A better result replaces the notebook; the same one does not touch it."""
    fill(tmp_path, empty, entry())
    place = tmp_path / "autograded" / "9" / "ex02" / "ex02.ipynb"
    before = place.stat().st_mtime_ns
    fill(tmp_path, empty, entry())
    assert place.stat().st_mtime_ns == before
    more = report(*report().checks, check("third", 4, Verdict.PASSED))
    fill(tmp_path, empty, replace(entry(), report=more))
    assert "# third: Title of third" in place.read_text()
    assert [path.name for path in place.parent.iterdir()] == ["ex02.ipynb"]
