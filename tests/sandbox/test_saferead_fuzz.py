"""Bytes and files of every kind, read or refused: a short run of `proofs/fuzz.py`."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proofs.fuzzing import files, reading
from proofs.fuzzing.choices import Choices
from threadmarks.errors import SubmissionError
from threadmarks.sandbox.saferead import SIZE_LIMIT_BYTES, read

SHORT = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@settings(SHORT, max_examples=300)
@given(st.sampled_from(reading.SEEDS), st.binary(min_size=60, max_size=120))
def test_any_bytes_are_read_or_refused(start: bytes, choices: bytes) -> None:
    """What is accepted is the text that the bytes say, as Python would read it, and nothing that uses it breaks."""
    chance = Choices(choices)
    while chance.left:
        start = reading.mutate(start, chance)
        reading.run(start)


@settings(SHORT, max_examples=300)
@given(data=st.binary(max_size=300))
def test_noise_is_read_or_refused(data: bytes) -> None:
    """Bytes that no mutation would think of."""
    reading.run(data)


def test_any_file_is_read_or_refused(tmp_path: Path) -> None:
    """Of any kind and name, and while it changes."""

    @settings(SHORT, max_examples=500)
    @given(st.binary(min_size=12, max_size=60))
    def make(choices: bytes) -> None:
        files.run(Choices(choices), tmp_path / "files")

    make()


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path) -> None:
    """The limit holds for what is read, not for what the file's size was when it was opened."""
    path = tmp_path / "ex01.py"
    path.write_bytes(b"#" * SIZE_LIMIT_BYTES)
    assert read(path).text == "#" * SIZE_LIMIT_BYTES
    with files.changing(path, "grows"), pytest.raises(SubmissionError) as caught:
        read(path)
    assert caught.value.code == "too-large"


@pytest.mark.parametrize("name", ["utf-8-unix", "UTF_8", "utf8", "u8", "utf-8-sig", "ascii"])
def test_every_name_of_the_one_encoding_is_taken(name: str) -> None:
    """Emacs writes `utf-8-unix`; Python reads all of these."""
    assert reading.run(f"# -*- coding: {name} -*-\nx = 1\n".encode())


def test_ascii_with_other_characters_is_refused_as_python_does() -> None:
    """The file could not be run outside of the grader."""
    assert not reading.run("# coding: ascii\nx = 'é'\n".encode())
