"""Results are files: whole or not there, under the name of all that a verdict depends on."""

import errno
import os
import subprocess
import sys

import pytest

from threadmarks import catalog
from threadmarks.batch import files, keys, store
from threadmarks.batch.keys import Terms, key
from threadmarks.errors import UsageError
from threadmarks.model import Finding, Report, Verdict

EXERCISE = catalog.resolve("ex00")
TERMS = Terms(secret="a secret of many words", lowest="full")
REPORT = Report(
    exercise="ex00",
    file="ex00.py",
    verdict=Verdict.FAILED,
    checks=(),
    findings=(Finding(code="a", message="half a character: \ud800"),),
    score=3.0,
    max_score=20.0,
    python="3.11",
    kit="0",
    extra={"rung": "full"},
)


@pytest.fixture
def results(tmp_path):
    """A store in a folder that is not there yet."""
    return store.ResultStore(tmp_path / "out" / "state")


def test_a_report_comes_back_as_it_was(results):
    """But for half characters, which no encoding has."""
    results.put("ab12", store.encode(REPORT))
    found = results.get("ab12")
    assert found.findings[0].message == "half a character: \\ud800"
    assert store.decode(store.encode(found)) == found
    assert results.get("ab13") is None


def test_damaged_results_are_none(results):
    """They are graded again."""
    whole = store.encode(REPORT)
    for data in (b"", whole[:-1], whole[:30], b"x" + whole, whole[:-9] + b"\0" * 9, whole.replace(b"/1\n", b"/2\n")):
        results.put("ab12", data)
        assert results.get("ab12") is None


def test_the_name_of_a_result_changes_with_all_that_a_verdict_depends_on(monkeypatch):
    """And with nothing else."""
    names = {
        key(EXERCISE, "x = 1\n", TERMS),
        key(EXERCISE, "x = 1", TERMS),
        key(catalog.resolve("ex01"), "x = 1\n", TERMS),
        key(EXERCISE, "x = 1\n", Terms(secret="another secret of words", lowest="full")),
        key(EXERCISE, "x = 1\n", Terms(secret="a secret of many words", lowest="rlimits")),
    }
    monkeypatch.setattr(keys, "kit_digest", lambda exercise: "another kit")
    names.add(key(EXERCISE, "x = 1\n", TERMS))
    monkeypatch.undo()
    monkeypatch.setattr(sys, "version_info", (3, 99, 0))
    names.add(key(EXERCISE, "x = 1\n", TERMS))
    monkeypatch.undo()
    assert len(names) == 7
    assert key(EXERCISE, "x = 1\n", Terms(secret="a secret of many words", lowest="full")) in names
    assert "secret of" not in repr(TERMS)


def test_the_kits_digest_is_one_of_its_files(tmp_path):
    """Of the exercise's too: weights may change."""
    import shutil
    from dataclasses import replace

    before = keys.kit_digest(EXERCISE)
    for part in ("exercises", "graders", "solutions"):
        shutil.copytree(EXERCISE.root / part / EXERCISE.folder_name, tmp_path / part / EXERCISE.folder_name)
    copied = replace(EXERCISE, root=tmp_path)
    keys.kit_digest.cache_clear()
    assert keys.kit_digest(copied) == before
    with copied.checks.open("a") as file:
        file.write("# heavier\n")
    keys.kit_digest.cache_clear()
    assert keys.kit_digest(copied) != before


def test_the_kits_digest_is_one_of_what_an_exercise_builds_on_too(tmp_path):
    """Official gradings of ex10 run on the reference solution of ex07."""
    import shutil
    from dataclasses import replace

    exercise = catalog.resolve("ex10")
    for part in ("exercises", "graders", "solutions"):
        shutil.copytree(exercise.root / part, tmp_path / part)
    copied = replace(exercise, root=tmp_path)
    keys.kit_digest.cache_clear()
    before = keys.kit_digest(exercise)
    assert keys.kit_digest(copied) == before
    for other, changes in (("ex08", False), ("ex07", True)):
        with catalog.resolve(other, catalog.load(tmp_path)).reference.open("a") as file:
            file.write("# another solution\n")
        keys.kit_digest.cache_clear()
        assert (keys.kit_digest(copied) != before) is changes


def test_a_second_run_at_once_is_refused_and_a_killed_one_leaves_no_lock(results, tmp_path):
    """The lock is the kernel's."""
    held = (
        "import sys, time; from pathlib import Path; from threadmarks.batch.store import ResultStore\n"
        f"with ResultStore(Path({str(tmp_path / 'out' / 'state')!r})).locked(): print('held', flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", held], stdout=subprocess.PIPE) as other:
        try:
            assert other.stdout.readline() == b"held\n"
            with pytest.raises(UsageError, match="Another run is at work"), results.locked():
                pass
        finally:
            other.kill()
    with results.locked():
        pass


def test_half_written_files_are_cleared(tmp_path, monkeypatch):
    """Of a writer that was killed, wherever it was writing; and no file of anybody else's."""
    files.write(tmp_path / "reports" / "s1" / "report.json", (b"whole",))
    others = tmp_path / "reports" / ".notes.new"
    others.write_bytes(b"mine")
    monkeypatch.setattr(files.os, "fsync", _interrupted)
    monkeypatch.setattr(files.Path, "unlink", lambda path: None)
    for killed_in in (tmp_path, tmp_path / "reports" / "s1"):
        with pytest.raises(KeyboardInterrupt):
            files.write(killed_in / "other", (b"half",))
    monkeypatch.undo()
    assert len(list(tmp_path.rglob("*.new"))) == 3
    files.clear(tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [".notes.new", "report.json"]


def _interrupted(descriptor):
    raise KeyboardInterrupt


def full_disk(*_arguments):
    """What writing comes to when there is no room."""
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_leaves_the_old_file_and_says_so(tmp_path, monkeypatch):
    """And nothing half-written beside it."""
    path = tmp_path / "grades.csv"
    files.write(path, (b"old",))
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(files.OutputProblem, match=r"No space left on device\. What is finished is kept"):
        files.write(path, (b"new",))
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["grades.csv"]


def test_what_is_there_already_is_not_written(tmp_path, monkeypatch):
    """Running twice changes nothing."""
    files.write(tmp_path / "a", (b"one", b"two"))
    monkeypatch.setattr(os, "fsync", full_disk)
    files.write(tmp_path / "a", (b"onetwo",))
    assert (tmp_path / "a").read_bytes() == b"onetwo"
