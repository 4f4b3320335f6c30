"""Which file is graded for whom, and what is said of every other."""

import packing
import pytest

from threadmarks import catalog
from threadmarks.batch.intake import exercise_of, take_in
from threadmarks.batch.submission import Status
from threadmarks.lms import registry
from threadmarks.lms.delivery import open_delivery

EXERCISES = catalog.load()


def taken(path, *wanted, layout=None):
    """The intake of what lies at `path`."""
    return take_in(registry.read_delivery(open_delivery(path), layout), EXERCISES, wanted)


def of(tmp_path, files, *wanted):
    """The intake of a folder with these files."""
    names = files if isinstance(files, dict) else dict.fromkeys(files, "x = 1\n")
    return taken(packing.folder(tmp_path / "class", names), *wanted)


def rows(intake):
    """(owner, exercise, status, file, codes of remarks) of each submission."""
    return [
        (each.owner.key, each.exercise, each.status.value, each.path, [remark.code for remark in each.remarks])
        for each in intake.submissions
    ]


@pytest.mark.parametrize(
    ("name", "exercise"),
    [
        ("ex02.py", "ex02"),
        ("ex02 (1).py", "ex02"),
        ("Ex02.PY", "ex02"),
        ("ex2.py", "ex02"),
        ("EX_02-final.py", "ex02"),
        ("my exercise 2.py", "ex02"),
        ("\uff45\uff58\uff10\uff12.py", "ex02"),  # full width
        ("thread_pool.py", "ex02"),
        ("ex02/main.py", "ex02"),
        ("ex02_thread_pool/solution.py", "ex02"),
        ("ex02/ex03.py", "ex03"),
        ("ex020.py", "ex20"),
        ("vertex02.py", ""),
        ("ex02_ex03.py", ""),
        ("main.py", ""),
        ("練習 3.py", ""),
    ],
)
def test_a_files_name_names_its_exercise(name, exercise):
    """As people write it; what could mean two means none."""
    assert exercise_of(name, EXERCISES) == exercise


def test_wrong_names_are_taken_and_told(tmp_path):
    """A browser's copy, a shout, and the only file there is."""
    intake = of(tmp_path, ["anna/ex02.py", "bob/ex02 (1).py", "carl/Ex02.PY", "dora/main.py"], "ex02")
    assert rows(intake) == [
        ("anna", "ex02", "pending", "anna/ex02.py", []),
        ("bob", "ex02", "pending", "bob/ex02 (1).py", ["wrong-name"]),
        ("carl", "ex02", "pending", "carl/Ex02.PY", ["wrong-name"]),
        ("dora", "ex02", "pending", "dora/main.py", ["wrong-name"]),
    ]


def test_of_several_files_the_exact_name_is_graded_and_without_one_none(tmp_path):
    """Unless they are all the same."""
    files = {
        "anna/ex02.py": "x = 1\n",
        "anna/ex02 (1).py": "x = 2\n",
        "bob/ex02_a.py": "x = 1\n",
        "bob/ex02_b.py": "x = 2\n",
        "carl/ex02_a.py": "x = 1\n",
        "carl/ex02_b.py": "x = 1\n",
        "dora/main.py": "x = 1\n",
        "dora/pool.py": "x = 2\n",
    }
    assert rows(of(tmp_path, files, "ex02")) == [
        ("anna", "ex02", "pending", "anna/ex02.py", ["further-file"]),
        ("bob", "ex02", "not gradable", "", ["which-file", "which-file"]),
        ("carl", "ex02", "pending", "carl/ex02_a.py", ["further-file"]),
        ("dora", "ex02", "not gradable", "", ["which-file", "which-file"]),
    ]


def test_several_exercises_in_one_folder_each_find_theirs(tmp_path):
    """What nobody named is graded for all; who lacks one is told."""
    intake = of(tmp_path, ["anna/ex02.py", "anna/ex03.py", "anna/notes.py", "bob/ex03.py"])
    assert rows(intake) == [
        ("anna", "ex02", "pending", "anna/ex02.py", []),
        ("anna", "ex03", "pending", "anna/ex03.py", []),
        ("bob", "ex02", "missing", "", []),
        ("bob", "ex03", "pending", "bob/ex03.py", []),
    ]
    assert [(remark.code, remark.path) for remark in intake.remarks] == [("no-exercise", "anna/notes.py")]
    assert intake.exercises == ("ex02", "ex03")


def test_one_exercise_of_several_leaves_the_others_and_says_so(tmp_path):
    """`--exercise`."""
    intake = of(tmp_path, ["anna/ex02.py", "anna/ex03.py", "anna/util.py", "bob/ex03.py"], "ex02")
    assert rows(intake) == [("anna", "ex02", "pending", "anna/ex02.py", []), ("bob", "ex02", "missing", "", [])]
    assert [(remark.code, remark.path, remark.harmless) for remark in intake.remarks] == [
        ("other-exercise", "anna/ex03.py", True),
        ("not-needed", "anna/util.py", True),
        ("other-exercise", "bob/ex03.py", True),
    ]


def test_what_cannot_be_graded_has_its_reason(tmp_path):
    """Notebooks, archives, documents, text."""
    files = ["anna/ex02.ipynb", "bob/ex02.tar.gz", "carl/ex02.docx", "dora/ex02.zip", "eve/ex02.py", "eve/readme.txt"]
    assert rows(of(tmp_path, files, "ex02")) == [
        ("anna", "ex02", "not gradable", "", ["notebook"]),
        ("bob", "ex02", "not gradable", "", ["packed"]),
        ("carl", "ex02", "not gradable", "", ["not-python"]),
        ("dora", "ex02", "not gradable", "", ["bad-zip"]),
        ("eve", "ex02", "pending", "eve/ex02.py", ["not-python"]),
    ]


def test_a_students_zip_holds_their_file(tmp_path):
    """Opened in memory; its path tells where it was."""
    intake = of(tmp_path, {"anna/hand-in.zip": packing.zipped({"src/ex02.py": "x = 1\n"})}, "ex02")
    (anna,) = intake.submissions
    assert (anna.status, anna.path, anna.load()) == (Status.PENDING, "anna/hand-in.zip/src/ex02.py", b"x = 1\n")


@pytest.mark.parametrize("name", packing.ALL)
def test_every_file_of_every_system_is_graded_or_told(tmp_path, name):
    """Nothing is dropped in silence."""
    files = packing.ALL[name]
    intake = taken(packing.put(tmp_path / "a.zip", files), "ex03")
    told = {each.path for each in intake.submissions} | {remark.path for remark in intake.remarks}
    told |= {remark.path for each in intake.submissions for remark in each.remarks}
    assert told - {""} == set(files)
    assert len({each.place for each in intake.submissions}) == len(intake.submissions)


def test_moodles_download_comes_out_by_participant(tmp_path):
    """The live sample's students."""
    intake = taken(packing.put(tmp_path / "a.zip", packing.MOODLE), "ex03")
    assert rows(intake) == [
        ("10", "ex03", "pending", "Bob OBrien_10_assignsubmission_file/ex03.py", ["typed-text"]),
        ("11", "ex03", "pending", "李 小龍_11_assignsubmission_file/練習 3.py", ["wrong-name"]),
        ("13", "ex03", "pending", "Jo Smith_13_assignsubmission_file/ex03.py", []),
        ("8", "ex03", "not gradable", "", ["bad-zip"]),
        ("9", "ex03", "pending", "Ana García López_9_assignsubmission_file/ex03.py", []),
    ]


def test_attempts_are_counted_in_order(tmp_path):
    """Blackboard keeps them all."""
    intake = taken(packing.put(tmp_path / "a.zip", packing.BLACKBOARD), "ex03")
    assert [(each.owner.key, each.number, each.attempts) for each in intake.submissions] == [
        ("ana9", 1, 2),
        ("ana9", 2, 2),
        ("bob_o@example.com", 1, 1),
    ]


def test_an_attempt_at_another_exercise_is_none_at_this_one(tmp_path):
    """Else a later upload would take the earlier one's mark away."""
    files = {
        "A_ana_attempt_2026-11-23-03-58-00_ex03.py": "x = 1\n",
        "A_ana_attempt_2026-11-24-03-58-00_ex02.py": "x = 1\n",
    }
    intake = taken(packing.put(tmp_path / "a.zip", files), "ex03")
    assert [(each.status.value, each.attempt, each.attempts) for each in intake.submissions] == [
        ("pending", "2026-11-23-03-58-00", 1)
    ]


def test_where_no_file_names_an_exercise_all_are_told(tmp_path):
    """Nothing is graded, and nothing is lost from sight."""
    intake = of(tmp_path, ["anna/readme.txt", "bob/main.py"])
    assert (intake.submissions, intake.exercises) == ((), ())
    assert [(remark.code, remark.path) for remark in intake.remarks] == [
        ("not-python", "anna/readme.txt"),
        ("no-exercise", "bob/main.py"),
    ]


def test_who_is_named_and_handed_in_nothing_is_missing(tmp_path):
    """Gradescope's metadata names them."""
    intake = taken(packing.put(tmp_path / "a.zip", packing.GRADESCOPE))
    assert [(each.owner.key, each.status.value) for each in intake.submissions] == [
        ("submission_201", "pending"),
        ("submission_202", "pending"),
        ("submission_203", "missing"),
    ]
