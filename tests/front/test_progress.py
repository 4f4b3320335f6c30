"""The record of what a student has reached: kept, never lost silently, never in the way of a grade."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadmarks import progress
from threadmarks.progress import Best, Progress, ProgressError, load, record


def graded(score=12.0, *, passed=False):
    """A change that records one grading of ex02."""
    return lambda old: old.with_grading("ex02", score=score, max_score=20.0, passed=passed)


def file_in(folder: Path) -> Path:
    """Where the record lies."""
    return folder / ".threadmarks" / "progress.json"


def test_no_record_is_an_empty_one(tmp_path):
    """The first time is no error, and looking makes no folder."""
    assert load(tmp_path) == Progress()
    assert list(tmp_path.iterdir()) == []


def test_what_is_recorded_is_read_back(tmp_path):
    """Encode and decode are each other's inverse."""
    written = record(tmp_path, graded(12.5)).progress
    assert load(tmp_path) == written
    assert written.of("ex02") == Best(score=12.5, max_score=20.0, passed=False, attempts=1, hints=0)


def test_a_lower_score_takes_nothing_away():
    """The board shows the best."""
    best = graded(5.0)(graded(20.0, passed=True)(Progress())).of("ex02")
    assert (best.score, best.passed, best.attempts) == (20.0, True, 2)


def test_a_hint_changes_no_score():
    """And a lower level shown again does not forget the higher one."""
    best = graded(5.0)(Progress().with_hint("ex02", 2)).with_hint("ex02", 1).of("ex02")
    assert (best.hints, best.score, best.attempts) == (2, 5.0, 1)


DAMAGED = {
    "empty": b"",
    "half": b'{"version": 1, "exer',
    "not an object": b"[]",
    "no version": b"{}",
    "version 0": b'{"version": 0, "exercises": {}}',
    "version true": b'{"version": true, "exercises": {}}',
    "no exercises": b'{"version": 1}',
    "extra key": b'{"version": 1, "exercises": {"ex02": {"score": 1}}}',
    "nan": b'{"version": 1, "exercises": {"ex02": {"score": NaN, "max_score": 1, "passed": true, "attempts": 1, "hints": 0}}}',
    "bytes": b"\xff\xfe\x00",
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_record_is_set_aside_and_said(data, tmp_path):
    """Never lost silently: the old bytes stay beside the new record, and the student is told where."""
    file_in(tmp_path).parent.mkdir()
    file_in(tmp_path).write_bytes(data)
    with pytest.raises(ProgressError, match="is damaged"):
        load(tmp_path)
    assert file_in(tmp_path).read_bytes() == data
    (warning,) = record(tmp_path, graded()).warnings
    aside = file_in(tmp_path).with_name("progress.json.set-aside-1")
    assert aside.read_bytes() == data
    assert warning.endswith(f"The old file was kept as {aside}.")
    assert load(tmp_path).of("ex02").score == 12.0


def test_a_newer_record_is_set_aside_and_said(tmp_path):
    """A later kit's record must not be overwritten by this one's idea of it."""
    newer = b'{"version": 2, "what": "ever"}'
    file_in(tmp_path).parent.mkdir()
    file_in(tmp_path).write_bytes(newer)
    with pytest.raises(ProgressError, match="newer threadmarks"):
        load(tmp_path)
    record(tmp_path, graded())
    assert file_in(tmp_path).with_name("progress.json.set-aside-1").read_bytes() == newer


def test_setting_aside_overwrites_nothing(tmp_path):
    """Two accidents, two files."""
    for text in ("one", "two"):
        file_in(tmp_path).parent.mkdir(exist_ok=True)
        file_in(tmp_path).write_text(text)
        record(tmp_path, graded())
    kept = sorted(file_in(tmp_path).parent.glob("*.set-aside-*"))
    assert [path.read_text() for path in kept] == ["one", "two"]


def test_an_unwritable_folder_is_one_clear_error(tmp_path):
    """Whoever may not write gets a sentence, not a traceback (a file in the folder's place stands for every cause)."""
    (tmp_path / ".threadmarks").write_text("")
    with pytest.raises(ProgressError, match=r"could not be recorded in .* What you were shown stands"):
        record(tmp_path, graded())


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_keeps_the_old_record(call, tmp_path, monkeypatch):
    """Written beside it first: the old one is whole until the new one is."""
    record(tmp_path, graded(7.0))

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*((os, "fsync") if call == "fsync" else (Path, "replace")), full)
    with pytest.raises(ProgressError, match="No space left on device"):
        record(tmp_path, graded(20.0))
    monkeypatch.undo()
    assert load(tmp_path).of("ex02").score == 7.0
    assert sorted(path.name for path in file_in(tmp_path).parent.iterdir()) == ["lock", "progress.json"]


def test_an_interrupt_while_writing_keeps_the_old_record(tmp_path, monkeypatch):
    """Ctrl-C at the worst moment."""
    record(tmp_path, graded(7.0))
    monkeypatch.setattr(progress.os, "fsync", lambda number: (_ for _ in ()).throw(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        record(tmp_path, graded(20.0))
    monkeypatch.undo()
    assert load(tmp_path).of("ex02").score == 7.0
    assert not list(file_in(tmp_path).parent.glob("*.new"))


def test_two_gradings_at_once_both_count(tmp_path):
    """Read, change and write happen under one lock, also across processes."""
    program = textwrap.dedent("""
        import sys
        from pathlib import Path
        from threadmarks.progress import record
        for _ in range(20):
            record(Path(sys.argv[1]), lambda old: old.with_grading("ex02", score=1.0, max_score=20.0, passed=False))
    """)
    processes = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path)]) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert load(tmp_path).of("ex02").attempts == 60


@given(
    st.dictionaries(
        st.text(max_size=5),
        st.builds(
            Best,
            score=st.floats(0, 1e6),
            max_score=st.floats(0, 1e6),
            passed=st.booleans(),
            attempts=st.integers(0, 10**9),
            hints=st.integers(0, 9),
        ),
    )
)
def test_every_record_survives_the_round_trip(best):
    """Whatever the exercises are called."""
    made = Progress(best=best)
    assert progress._parse(json.dumps(progress._as_object(made)).encode()) == made
