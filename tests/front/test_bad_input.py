"""Whatever is handed in: a clear message and the right exit code, never a traceback, a hang or a wrong grade."""

import os
from pathlib import Path

import pytest

from threadmarks import catalog
from threadmarks.commands import main

REFERENCE = catalog.resolve("ex00").reference.read_text()
STUB = catalog.resolve("ex00").stub.read_text()


def test_a_missing_file_ends_with_2(cli):
    """The commonest mistake of all."""
    refused(cli, "There is no file 'ex77.py'.", "ex77.py")


def test_a_folder_ends_with_2(cli, tmp_path):
    """And the message says what to name instead."""
    (tmp_path / "mine").mkdir()
    refused(cli, "mine is a folder. Name the file inside it", "mine")


def test_a_symlink_ends_with_2(cli, tmp_path):
    """A submission must not point at somebody else's file."""
    (tmp_path / "real.py").write_text(REFERENCE)
    (tmp_path / "ex00.py").symlink_to("real.py")
    refused(cli, "ex00.py is a symbolic link.")


def test_a_dangling_symlink_ends_with_2(cli, tmp_path):
    """It is one, wherever it leads."""
    (tmp_path / "ex00.py").symlink_to("nowhere")
    refused(cli, "ex00.py is a symbolic link.")


def test_a_fifo_ends_with_2_and_nobody_waits(cli, tmp_path):
    """Opening one for reading would block for ever."""
    os.mkfifo(tmp_path / "ex00.py")
    refused(cli, "ex00.py is not a regular file.")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "ex00.py is empty."),
        (b"\xef\xbb\xbf \n", "ex00.py is empty."),
        (REFERENCE.encode() + b"# \0\n", "has a NUL byte in line"),
        (REFERENCE.encode("utf-16"), "is encoded as UTF-16."),
        (REFERENCE.encode() + b"# caf\xe9\n", "is not UTF-8: line"),
        (b"#" * (10 << 20), "is larger than 1 MiB."),
    ],
    ids=["empty", "only a BOM", "NUL", "UTF-16", "Latin-1", "10 MB"],
)
def test_bytes_that_are_no_source_end_with_2(cli, tmp_path, data, message):
    """Each by its name, with what to do."""
    (tmp_path / "ex00.py").write_bytes(data)
    refused(cli, message)


def refused(cli, message: str, file: str = "ex00.py") -> None:
    """The file is refused: exit code 2, the message on stderr, nothing on stdout."""
    result = cli.invoke(main, ["ex00", file])
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_a_byte_order_mark_is_no_mistake(cli, tmp_path):
    """Editors on Windows write one."""
    (tmp_path / "ex00.py").write_bytes(b"\xef\xbb\xbf" + REFERENCE.encode())
    assert cli.invoke(main, ["ex00"]).exit_code == 0


BAD_SOURCES = {
    "unchanged stub": (STUB, "[unchanged-stub]"),
    "syntax error": ("def f(:\n", "[syntax-error]"),
    "missing function": (REFERENCE.replace("def live_threads", "def live_thread"), "[missing-api]"),
    "wrong signature": (REFERENCE.replace("run_in_order(jobs", "run_in_order(jobs, extra"), "[wrong-signature]"),
    "missing module": ("import numpyy\n" + REFERENCE, "[missing-module]"),
    "exception at import": (REFERENCE + "\n1 / 0\n", "[import-error]"),
    "endless loop at import": (REFERENCE + "\nwhile True:\n    pass\n", "[spinning]"),
    "os._exit at import": (REFERENCE + "\nimport os\nos._exit(0)\n", "[exited]"),
    "sys.exit at import": (REFERENCE + "\nimport sys\nsys.exit(0)\n", "[exited]"),
}


@pytest.mark.parametrize(("source", "code"), BAD_SOURCES.values(), ids=BAD_SOURCES)
def test_a_file_that_cannot_pass_ends_with_1_and_one_reason(cli, tmp_path, source, code):
    """No points, and the reason told once for all checks."""
    (tmp_path / "ex00.py").write_text(source)
    result = cli.invoke(main, ["ex00"])
    assert (result.exit_code, result.stderr) == (1, "")
    assert "Not passed: 0 of 20 points." in result.stdout
    assert result.stdout.count(code) == 1


def test_huge_output_at_import_is_no_answer_of_ours(cli, tmp_path):
    """Fifty megabytes are counted and dropped; the report stays a report."""
    (tmp_path / "ex00.py").write_text(REFERENCE + "\nprint('x' * 50_000_000)\n")
    result = cli.invoke(main, ["ex00"])
    assert result.exit_code in (0, 1)
    assert len(result.stdout) < 20_000


def test_output_in_the_middle_of_a_check_does_not_mix_with_the_report(cli, tmp_path):
    """Neither print nor raw writes to the descriptors reach stdout; the verdict is as without them."""
    noise = (
        "\nimport os as _os\n_run = run_in_order\n\n\ndef run_in_order(jobs):\n    print('noise')\n"
        "    _os.write(1, b'noise')\n    _os.write(2, b'noise')\n    return _run(jobs)\n"
    )
    (tmp_path / "ex00.py").write_text(REFERENCE + noise)
    result = cli.invoke(main, ["ex00"])
    assert "noise" not in result.output
    assert result.exit_code == 0


def test_a_file_name_with_blanks_and_controls_is_shown_safely(cli, tmp_path):
    """Names are input too."""
    name = "my \x1b[31mwork ex00.py"
    Path(tmp_path / name).write_text(STUB)
    result = cli.invoke(main, ["ex00", name])
    assert result.exit_code == 1
    assert "\x1b" not in result.output


def test_a_refusal_quotes_a_name_safely(cli, tmp_path):
    """Also on stderr."""
    (tmp_path / "a\x1b[31m").mkdir()
    result = cli.invoke(main, ["ex00", "a\x1b[31m"])
    assert result.exit_code == 2
    assert "a\\x1b[31m is a folder." in result.stderr
