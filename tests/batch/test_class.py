"""A class of thirty through every path: each system's download, its table of marks on the way back, and nbgrader's gradebook.

Right, wrong, hostile and broken files for ex02. Every path must come to the same mark for the same file, under that system's ids.
"""

import csv
import fcntl
import io
import json
import os
import re
import shutil
import zipfile
from pathlib import Path

import packing
import pytest
from click.testing import CliRunner

from threadmarks import catalog
from threadmarks.commands import main
from threadmarks.commands.batch import LAYOUTS
from threadmarks.sandbox.ladder import survey

BEST = next(seen.rung for seen in survey() if seen.offered).value
POOL = catalog.resolve("ex02")
FULL = 20.0
RIGHT, WRONG, HOSTILE, BROKEN, UNREADABLE = "right", "wrong", "hostile", "broken", "unreadable"
HOSTILE_FILES = {
    "ends at once": "import os\nos._exit(0)\n",
    "says that it passed": "import sys\nprint('20/20 passed')\nsys.exit(0)\n",
    "kills its own": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
    "writes everywhere": "import os\nfor fd in range(3, 64):\n    try:\n        os.write(fd, b'{\"score\": 20}')\n    except OSError:\n        pass\n",
    "never ends": "while True:\n    pass\n",
}
BROKEN_FILES = {
    "no Python": "class ThreadPool:\n    def __init__(self\n",
    "nothing of it": "x = 1\n",
    "stub": POOL.stub.read_text("utf-8"),
}
UNREADABLE_FILES = {"no characters": b"\xff\xfe\x00", "empty": b""}


def students() -> list[tuple[str, bytes]]:
    """(what it is, the file's bytes), thirty times."""
    rights = [POOL.reference, *POOL.alternatives]
    texts = [(RIGHT, path.read_text("utf-8")) for path in rights]
    texts += [
        (RIGHT, f"# by student {number}\n{rights[number % len(rights)].read_text('utf-8')}") for number in range(4)
    ]
    texts += [(HOSTILE, text) for text in HOSTILE_FILES.values()]
    texts += [(BROKEN, text) for text in BROKEN_FILES.values()]
    found = [(kind, text.encode()) for kind, text in texts]
    found += [(UNREADABLE, data) for data in UNREADABLE_FILES.values()]
    found += [(WRONG, path.read_bytes()) for path in POOL.wrong[: 30 - len(found)]]
    return found


CLASS = dict(enumerate(students(), 1))
"""By number: what each student handed in."""


def name(number: int) -> str:
    """The student's."""
    return f"Student {number:02}"


PLACES = {
    "folders": lambda n: f"s{n}/ex02.py",
    "moodle": lambda n: f"{name(n)}_{n}_assignsubmission_file/ex02.py",
    "moodle-groups": lambda n: f"Group{n}_{n}_assignsubmission_file/ex02.py",
    "canvas": lambda n: f"student{n}_{1000 + n}_{9000 + n}_ex02.py",
    "gradescope": lambda n: f"assignment_77_export/submission_{1000 + n}/ex02.py",
    "blackboard": lambda n: f"Pools_s{n}_attempt_2026-11-23-03-58-00_ex02.py",
    "brightspace": lambda n: f"{1000 + n}-4534 - {name(n)} - Nov 23, 2026 358 AM/ex02.py",
    "sakai": lambda n: f"Exercise 2/Student, S{n}(s{n})/Submission attachment(s)/ex02.py",
}


def packed(layout: str) -> dict[str, bytes | str]:
    """The class as a system packs it."""
    files: dict[str, bytes | str] = {PLACES[layout](number): data for number, (_, data) in CLASS.items()}
    if layout == "gradescope":
        entries = [
            f"submission_{1000 + n}:\n  :submitters:\n  - :name: {name(n)}\n    :sid: s{n}\n    :email: s{n}@example.com\n"
            "  :created_at: 2026-11-23 03:58:00.000000000 Z\n"
            for n in CLASS
        ]
        files = {"assignment_77_export/submission_metadata.yml": "---\n" + "".join(entries), **files}
    if layout == "sakai":
        files = {"Exercise 2/grades.csv": "Display ID,ID\n", **files}
    return files


def number_of(key: str) -> int:
    """Whose key it is: every system's holds the number, or a thousand more."""
    return int(re.findall(r"\d+", key)[0]) % 1000


def grade(place: Path, layout: str, *more: str):
    """The command's end on the class in that layout; the results of others are taken over."""
    source = packing.put(place / f"{layout}.zip", packed(layout))
    words = [
        "batch",
        source,
        "--exercise",
        "ex02",
        "--out",
        f"{layout}-marks",
        "--secret-file",
        "secret.txt",
        "--rung",
        BEST,
        "--json",
    ]
    if layout == "moodle-groups":  # named as Moodle names students: only who set the assignment knows
        words += ["--layout", layout]
    return CliRunner().invoke(main, [*words, *more])


def marks(out: Path) -> dict[int, tuple[str, float | None]]:
    """Status and mark by number, as `manifest.json` gives them."""
    rows = json.loads((out / "manifest.json").read_bytes())["submissions"]
    return {number_of(row["owner"]["key"]): (row["status"], row["mark"]) for row in rows}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A working folder in which the class was graded once, as plain folders: once for all processes that share these tests."""
    folder = tmp_path_factory.mktemp("class")
    base = tmp_path_factory.getbasetemp()
    common = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    graded = common / "graded-class"
    with pytest.MonkeyPatch.context() as patch, (common / "graded-class.lock").open("w") as lock:
        for variable in ("THREADMARKS_RUNG", "THREADMARKS_SECRET_FILE", "NO_COLOR", "FORCE_COLOR", "THREADMARKS_DEBUG"):
            patch.delenv(variable, raising=False)
        patch.chdir(folder)
        fcntl.flock(lock, fcntl.LOCK_EX)  # whoever comes second waits for the first one's grading
        if not graded.exists():
            (folder / "secret.txt").write_text("a secret of many words\n")
            told = grade(folder, "folders")
            assert told.exit_code == 1, told.output  # two files cannot be read: for a person
            shutil.copytree(folder, graded)
        else:
            shutil.copytree(graded, folder, dirs_exist_ok=True)
        fcntl.flock(lock, fcntl.LOCK_UN)
        yield folder


def test_each_kind_gets_what_it_deserves(place):
    """Full marks for what is right, and for nothing else."""
    assert len(CLASS) == 30
    found = marks(place / "folders-marks")
    assert set(found) == set(CLASS)
    for number, (kind, _) in CLASS.items():
        status, mark = found[number]
        assert status == ("not gradable" if kind is UNREADABLE else "graded"), (number, kind)
        if kind is RIGHT:
            assert mark == FULL
        elif kind is WRONG:
            assert 0 < mark < FULL
        elif kind is UNREADABLE:
            assert mark is None
        else:
            assert mark == 0, (number, kind)


@pytest.mark.parametrize("layout", [layout for layout in LAYOUTS if layout != "folders"])
def test_every_system_comes_to_the_same_marks(place, layout):
    """Recognised by itself, under its own ids; nothing is graded twice."""
    shutil.copytree(
        place / "folders-marks/.threadmarks/results", place / f"{layout}-marks/.threadmarks/results", dirs_exist_ok=True
    )
    told = grade(place, layout)
    assert told.exit_code == 1, told.output
    assert "0 to grade" in told.stderr
    assert json.loads(told.stdout)["layout"] == layout
    assert marks(place / f"{layout}-marks") == marks(place / "folders-marks")


def table(text: str) -> list[list[str]]:
    """The cells, row by row."""
    return list(csv.reader(io.StringIO(text, newline=""), delimiter="\t" if "\t" in text else ","))


TABLES = {
    "canvas": (
        "Student,ID,SIS User ID,SIS Login ID,Section,ex02 Pools (11)\n    Points Possible,,,,,40.00\n",
        lambda n: f"{name(n)},{1000 + n},u{n},s{n},Lab A,\n",
        (1, 5),
    ),
    "blackboard": (
        '"Last Name"\t"First Name"\t"Username"\t"ex02 [Total Pts: 40 Score] |664617"\t"Feedback to Learner"\t"Feedback Format"\n',
        lambda n: f'"Student"\t"{n}"\t"s{n}"\t""\t""\t""\n',
        (2, 3),
    ),
    "sakai": (
        "ex02,SCORE_GRADE_TYPE\n\nDisplay ID,ID,Last Name,First Name,grade,Submission date,Late submission\n",
        lambda n: f"s{n},{n},Student,{n},,,\n",
        (0, 4),
    ),
    "brightspace": (
        "OrgDefinedId,Username,ex02 Points Grade <Numeric MaxPoints:40>,End-of-Line Indicator\n",
        lambda n: f"#{n},s{n},,#\n",
        (1, 2),
    ),
}


@pytest.mark.parametrize("system", TABLES)
def test_every_mark_goes_back_into_the_systems_own_table(place, system):
    """Scaled to 40; who has no mark has no row."""
    test_every_system_comes_to_the_same_marks(place, system)
    head, row, (key, mark) = TABLES[system]
    Path("in.csv").write_text(head + "".join(map(row, CLASS)), encoding="utf-8")
    more = ["--max", "40"] if system == "sakai" else []
    if system == "brightspace":
        Path("roster.csv").write_text("id,username\n" + "".join(f"{1000 + n}-4534,s{n}\n" for n in CLASS))
        more = ["--roster", "roster.csv"]
    told = CliRunner().invoke(
        main, ["export", system, f"{system}-marks", "--table", "in.csv", "--out", "up.csv", *more]
    )
    assert told.exit_code == 1, told.output  # the two that cannot be read are told
    rows = table(Path("up.csv").read_text(encoding="utf-8-sig"))[
        head.rstrip("\n").count("\n") + 1 - head.count("Points Possible") :
    ]
    expected = {n: mark for n, (_, mark) in marks(place / "folders-marks").items() if mark is not None}
    assert {number_of(cells[key]): float(cells[mark]) for cells in rows} == {
        n: mark * 2 for n, mark in expected.items()
    }


def test_moodles_worksheet_and_its_zip_of_feedback(place):
    """A row and a page for each that has a mark."""
    test_every_system_comes_to_the_same_marks(place, "moodle")
    head = 'Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed","Last modified (submission)","Last modified (grade)","Feedback comments"\n'
    rows = [
        f'"Participant {n}","{name(n)}",s{n}@example.com,Submitted,,40.00,Yes,"Monday, 23 November 2026, 3:58 AM",-,\n'
        for n in CLASS
    ]
    Path("sheet.csv").write_text("\ufeff" + head + "".join(rows), encoding="utf-8")
    told = CliRunner().invoke(
        main,
        [
            "export",
            "moodle",
            "moodle-marks",
            "--worksheet",
            "sheet.csv",
            "--out",
            "up.csv",
            "--feedback-zip",
            "feedback.zip",
        ],
    )
    assert told.exit_code == 1, told.output
    filled = table(Path("up.csv").read_text(encoding="utf-8-sig"))[1:]
    expected = {n: mark for n, (_, mark) in marks(place / "folders-marks").items() if mark is not None}
    assert {number_of(cells[0]): float(cells[4]) for cells in filled} == {n: mark * 2 for n, mark in expected.items()}
    with zipfile.ZipFile("feedback.zip") as pages:
        numbers = {int(re.search(r"_(\d+)_assignsubmission_file", entry)[1]) for entry in pages.namelist()}
    assert numbers == set(expected)


@pytest.mark.skipif(
    os.environ.get("THREADMARKS_NBGRADER") != "required", reason="needs the extra threadmarks[nbgrader]"
)
def test_nbgraders_gradebook_has_every_mark(place):
    """A second run changes nothing."""
    from nbgrader.api import Gradebook

    book = f"sqlite:///{place / 'gradebook.db'}"
    for _ in range(2):
        assert grade(place, "folders", "--gradebook", book).exit_code == 1
        with Gradebook(book) as opened:
            scores = {number_of(each.student.id): each.score for each in opened.assignment_submissions("ex02")}
        assert scores == {n: mark for n, (_, mark) in marks(place / "folders-marks").items() if mark is not None}
