"""A submission is read without trusting it, and each refusal says what to do next."""

import os
import re
import socket
from pathlib import Path

import pytest

from threadmarks.errors import SubmissionError
from threadmarks.sandbox.saferead import SIZE_LIMIT_BYTES, Source, read


def refusal(path: Path, **options: bool) -> SubmissionError:
    """The error that reading gives."""
    with pytest.raises(SubmissionError) as caught:
        read(path, **options)
    return caught.value


def test_a_plain_file_is_read(tmp_path: Path) -> None:
    """The accepting case."""
    path = tmp_path / "ex01.py"
    path.write_bytes("x = 'größe'\n".encode())
    assert read(path) == Source(file=str(path), text="x = 'größe'\n")


def test_a_byte_order_mark_is_taken_off(tmp_path: Path) -> None:
    """Editors on Windows add it; Python accepts it."""
    path = tmp_path / "ex01.py"
    path.write_bytes(b"\xef\xbb\xbfx = 1\n")
    assert read(path).text == "x = 1\n"


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", "empty", "is empty"),
        (b" \n\t\n", "empty", "is empty"),
        (b"\xef\xbb\xbf", "empty", "is empty"),
        ("x = 1\n".encode("utf-16"), "not-utf8", "UTF-16"),
        ("x = 1\n".encode("utf-16-be"), "nul-byte", "NUL byte in line 1"),
        (b"x = 1\ny = '\0'\n", "nul-byte", "NUL byte in line 2"),
        (b"x = 1\n# caf\xe9\n", "not-utf8", "line 2 holds the byte 0xe9"),
        (b"# -*- coding: latin-1 -*-\nx = 1\n", "not-utf8", "declares the encoding 'latin-1'"),
        (b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\n", "not-utf8", "declares the encoding 'cp1252'"),
        (b"#" * (SIZE_LIMIT_BYTES + 1), "too-large", "larger than 1 MiB"),
    ],
)
def test_what_is_not_text_is_refused(tmp_path: Path, content: bytes, code: str, words: str) -> None:
    """A wrong encoding read as another gives a baffling syntax error."""
    path = tmp_path / "ex01.py"
    path.write_bytes(content)
    error = refusal(path)
    assert error.code == code
    assert words in str(error)


@pytest.mark.parametrize(
    "content",
    [
        b"# -*- coding: utf-8 -*-\nx = 1\n",
        b"x = 1\n# coding: latin-1\n",
        b"x = 1\n\n# coding: latin-1\n",
        b"#" * SIZE_LIMIT_BYTES,
    ],
)
def test_what_is_text_is_accepted(tmp_path: Path, content: bytes) -> None:
    """A coding line counts only where Python looks for it."""
    path = tmp_path / "ex01.py"
    path.write_bytes(content)
    assert read(path).text == content.decode()


def test_a_sparse_file_of_gigabytes_is_refused_without_reading_it(tmp_path: Path) -> None:
    """Ten gigabytes of nothing take no disk and all memory."""
    path = tmp_path / "ex01.py"
    with path.open("wb") as file:
        file.truncate(10 << 30)
    assert refusal(path).code == "too-large"


def test_a_missing_file_is_no_file(tmp_path: Path) -> None:
    """The most common slip gets the plainest answer."""
    error = refusal(tmp_path / "ex1.py")
    assert error.code == "no-file"
    assert re.fullmatch(r"There is no file '.*ex1\.py'\. Check the name and the folder that you are in\.", str(error))


def test_a_name_that_no_system_accepts_is_no_file() -> None:
    """NUL in a name raises ValueError, not OSError."""
    assert refusal(Path("a\0b")).code == "no-file"


def test_a_folder_is_refused(tmp_path: Path) -> None:
    """`grade ex01 .` is a slip, too."""
    assert refusal(tmp_path).code == "folder"


def test_a_link_is_refused_even_to_a_good_file(tmp_path: Path) -> None:
    """In a folder of submissions a link can point at somebody else's."""
    (tmp_path / "real.py").write_text("x = 1")
    (tmp_path / "ex01.py").symlink_to(tmp_path / "real.py")
    assert refusal(tmp_path / "ex01.py").code == "symlink"


def test_a_fifo_is_refused_without_waiting(tmp_path: Path) -> None:
    """Opening one for reading waits for a writer that never comes."""
    os.mkfifo(tmp_path / "ex01.py")
    assert refusal(tmp_path / "ex01.py").code == "not-a-file"


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot even be opened."""
    monkeypatch.chdir(tmp_path)  # a socket's path may not be long
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("ex01.py")
        assert refusal(Path("ex01.py")).code == "not-a-file"


def test_a_device_is_refused() -> None:
    """/dev/zero never ends."""
    assert refusal(Path("/dev/zero")).code == "not-a-file"


def test_a_second_hard_link_is_refused_in_strict_mode_only(tmp_path: Path) -> None:
    """Students keep files as they like; a hand-in must stand alone."""
    (tmp_path / "a.py").write_text("x = 1")
    (tmp_path / "b.py").hardlink_to(tmp_path / "a.py")
    assert read(tmp_path / "a.py").text == "x = 1"
    assert refusal(tmp_path / "a.py", strict=True).code == "not-a-file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_unreadable(tmp_path: Path) -> None:
    """The message names the cause."""
    path = tmp_path / "ex01.py"
    path.write_text("x = 1")
    path.chmod(0)
    assert refusal(path).code == "unreadable"


def test_a_line_of_the_source_is_found_by_its_number() -> None:
    """Reports show the student's own line."""
    source = Source(file="ex01.py", text="a\n  b\n")
    assert [source.line(number) for number in (0, 1, 2, 3)] == ["", "a", "  b", ""]


def test_lines_are_counted_as_python_counts_them() -> None:
    """A form feed or a Unicode separator ends a line for `str.splitlines`, and not for the compiler."""
    source = Source(file="ex01.py", text="a\x0c\u2028b\r\nc\rd\n")
    assert [source.line(number) for number in (1, 2, 3)] == ["a\x0c\u2028b", "c", "d"]
