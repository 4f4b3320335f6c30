"""Whose a file is: each system's download, as a zip and as the folder that somebody unpacked it to."""

from datetime import UTC, datetime

import packing
import pytest

from threadmarks.errors import UsageError
from threadmarks.lms import registry
from threadmarks.lms.delivery import open_delivery
from threadmarks.lms.layout import Kind

AT = datetime(2026, 11, 23, 3, 58)  # noqa: DTZ001  # as the systems tell it


def read(path, wanted=None):
    """The reading of what lies at `path`."""
    return registry.read_delivery(open_delivery(path), wanted)


def told(reading):
    """What belongs to whom: (key, file, kind) of each item."""
    return sorted((item.owner.key, item.file, item.kind.value) for item in reading.items)


@pytest.mark.parametrize("name", packing.ALL)
@pytest.mark.parametrize("made", ["zip", "folder", "folder in a folder"])
def test_every_layout_is_recognised_and_places_every_file(tmp_path, name, made):
    """As it was downloaded, unpacked, or unpacked and put somewhere."""
    files = packing.ALL[name]
    if made == "zip":
        path = packing.put(tmp_path / "submissions.zip", files)
    else:
        path = packing.folder(tmp_path / "submissions", files)
    if made == "folder in a folder" and not any(file.count("/") > 1 for file in files):
        path = packing.folder(tmp_path / "outer", {f"download/{file}": data for file, data in files.items()})
    reading = read(path)
    assert reading.layout == name.partition(" ")[0]
    placed = {item.entry.path.removeprefix("download/") for item in reading.items}
    placed |= {remark.path.removeprefix("download/") for remark in reading.remarks}
    assert placed == set(files)


def test_moodle_keeps_two_students_of_one_name_apart(tmp_path):
    """Ids, not names. The other file that each handed in is theirs too."""
    reading = read(packing.put(tmp_path / "a.zip", packing.MOODLE))
    assert told(reading) == [
        ("10", "ex03.py", "file"),
        ("10", "onlinetext.html", "text"),
        ("11", "練習 3.py", "file"),
        ("13", "ex03.py", "file"),
        ("8", "ex03.zip", "file"),
        ("9", "ex03.py", "file"),
        ("9", "lib/util.py", "file"),
    ]
    ana = next(item for item in reading.items if item.owner.key == "9")
    assert (ana.owner.name, ana.owner.ids) == ("Ana García López", (("participant id", "9"),))
    assert {item.submitted for item in reading.items} == {AT}


@pytest.mark.parametrize("files", [packing.MOODLE_FLAT, packing.MOODLE_OLD])
def test_moodles_other_forms_have_the_same_owners(tmp_path, files):
    """Without folders, and before 4.1."""
    reading = read(packing.put(tmp_path / "a.zip", files))
    as_now = read(packing.put(tmp_path / "b.zip", packing.MOODLE))
    assert sorted((item.owner.key, item.owner.name, item.kind) for item in reading.items) == sorted(
        (item.owner.key, item.owner.name, item.kind) for item in as_now.items
    )


def test_moodle_groups_are_asked_for_and_have_group_ids(tmp_path):
    """Their names look like persons'; who is in no group has no id."""
    reading = read(packing.put(tmp_path / "a.zip", packing.MOODLE_GROUPS), "moodle-groups")
    assert {item.owner.key: item.owner.ids for item in reading.items} == {
        "3": (("group id", "3"),),
        "4": (("group id", "4"),),
        "Default group": (("group id", ""),),
    }


def test_canvas_tells_late_resubmitted_and_anonymous(tmp_path):
    """The mark of a file handed in again is no part of its name."""
    reading = read(packing.put(tmp_path / "a.zip", packing.CANVAS))
    assert told(reading) == [
        ("1201", "ex03.py", "file"),
        ("1202", "ex03.py", "file"),
        ("1203", "Ex03 (1).PY", "file"),
        ("1204", "text.html", "text"),
    ]
    assert {item.owner.key for item in reading.items if item.late} == {"1202"}
    assert {item.attempt for item in reading.items} == {""}  # a helper handed in again is no attempt of its own
    hidden = read(packing.put(tmp_path / "b.zip", packing.CANVAS_ANONYMOUS))
    assert {(item.owner.key, item.late, item.file) for item in hidden.items} == {
        ("anon_3f9Kq", False, "ex03.py"),
        ("anon_aB12c", True, "ex03.py"),
    }


def test_gradescope_names_submitters_groups_and_who_handed_in_nothing(tmp_path):
    """From its metadata; a folder that it does not name is told."""
    reading = read(packing.put(tmp_path / "a.zip", packing.GRADESCOPE))
    owners = {owner.key: owner for owner in reading.owners}
    assert set(owners) == {"submission_201", "submission_202", "submission_203"}
    assert owners["submission_201"].ids == (
        ("sid", "s9"),
        ("email", "ana@example.com"),
        ("submission", "submission_201"),
    )
    assert [member[0] for member in owners["submission_202"].members] == [("sid", "s10"), ("sid", "s11")]
    (first,) = [item for item in reading.items if item.owner.key == "submission_201"]
    assert first.submitted == datetime(2026, 11, 23, 3, 58, 0, 123000, tzinfo=UTC)
    assert [remark.path for remark in reading.remarks if remark.code == "not-placed"] == [
        "assignment_77_export/elsewhere/ex03.py"
    ]


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "submission_1: {}\n", "a: [unclosed\n", "&a [*a]\n"])
def test_gradescope_metadata_that_says_nothing_is_a_usage_error(tmp_path, text):
    """Nothing is guessed: marks would go to the wrong people."""
    path = packing.put(tmp_path / "a.zip", {"submission_metadata.yml": text, "submission_1/ex03.py": packing.GOOD})
    with pytest.raises(UsageError):
        read(path)


def test_blackboard_finds_user_names_behind_any_assignment_and_language(tmp_path):
    """Assignments and user names may hold the separator, and e-mail addresses are user names."""
    reading = read(packing.put(tmp_path / "a.zip", packing.BLACKBOARD))
    assert {item.owner.key for item in reading.items} == {"ana9", "bob_o@example.com"}
    attempts = sorted(item.attempt for item in reading.items if item.owner.key == "ana9" and item.kind is Kind.FILE)
    assert attempts == ["2026-11-23-03-58-00", "2026-11-24-10-00-00"]
    single = {name: data for name, data in packing.BLACKBOARD.items() if "ana9" in name}
    alone = read(packing.put(tmp_path / "b.zip", single))
    assert {item.owner.key for item in alone.items} == {"ana9"}


def test_brightspace_reads_its_dates(tmp_path):
    """Midnight and noon included."""
    reading = read(packing.put(tmp_path / "a.zip", packing.BRIGHTSPACE))
    assert sorted(item.attempt for item in reading.items if item.kind is Kind.FILE) == [
        "2026-11-23T00:05:00",
        "2026-11-23T03:58:00",
        "2026-11-24T12:10:00",
    ]


def test_sakai_reads_its_time_stamps_in_both_forms(tmp_path):
    """Digits, and ISO 8601."""
    reading = read(packing.put(tmp_path / "a.zip", packing.SAKAI))
    stamps = {item.owner.key: item.submitted for item in reading.items if item.owner.key}
    assert stamps == {
        "ana9": datetime(2026, 11, 23, 3, 58, tzinfo=UTC),
        "bob10": datetime(2026, 11, 24, 10, 0, tzinfo=UTC),
    }


def test_plain_files_belong_to_whom_their_names_say(tmp_path):
    """One file a student, several exercises in one folder, one student's own folder."""
    names = ("anna_ex02.py", "anna-ex03.py", "ex02 bob.py", "carl.py", "Ex02_dora (1).PY", "ex02.py", "eve/ex02.py")
    reading = read(packing.folder(tmp_path / "class", dict.fromkeys(names, "x = 1\n")))
    assert {item.entry.path: item.owner.key for item in reading.items} == {
        "anna_ex02.py": "anna",
        "anna-ex03.py": "anna",
        "ex02 bob.py": "bob",
        "carl.py": "carl",
        "Ex02_dora (1).PY": "dora",
        "ex02.py": "class",
        "eve/ex02.py": "eve",
    }


def test_a_name_is_the_same_owner_in_both_normal_forms(tmp_path):
    """A Mac decomposes what others compose."""
    reading = read(packing.folder(tmp_path / "class", {"Zoe\u0308/ex02.py": "x = 1\n", "Zo\u00eb/ex03.py": "x = 1\n"}))
    assert {item.owner.key for item in reading.items} == {"Zo\u00eb"}


def test_what_systems_leave_behind_is_told_and_harmless(tmp_path):
    """And decides nothing about the layout."""
    junk = {"__MACOSX/._ex02.py": "", "anna/.DS_Store": "", "anna/__pycache__/ex02.pyc": "", "anna/.git/config": ""}
    reading = read(packing.put(tmp_path / "a.zip", {**junk, "anna/ex02.py": packing.GOOD}))
    assert {remark.path for remark in reading.remarks} == set(junk)
    assert all(remark.harmless for remark in reading.remarks)
    assert [item.file for item in reading.items] == ["ex02.py"]


def test_an_asked_layout_is_used_and_what_does_not_fit_is_told(tmp_path):
    """`--layout` overrides the guess."""
    reading = read(packing.put(tmp_path / "a.zip", packing.CANVAS), "moodle")
    assert (reading.layout, reading.items) == ("moodle", ())
    assert {remark.code for remark in reading.remarks} == {"not-placed"}
    assert len(reading.remarks) == len(packing.CANVAS)
