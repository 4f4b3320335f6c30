"""The program as a process: started, piped, interrupted, on a terminal."""

import contextlib
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from threadmarks import catalog, content
from threadmarks.commands import console

REPOSITORY = content.PACKAGE.parent
CLI = REPOSITORY / "cli.py"
STUB = catalog.resolve("ex00").stub


def program(*words: str, cwd: Path, **options) -> subprocess.CompletedProcess:
    """`python cli.py WORDS` in `cwd`."""
    command = [sys.executable, str(CLI), *words]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, **options
    )


def test_cli_py_grades_from_the_repository(tmp_path):
    """The customer's front: the default file is the stub there, and commands to copy begin with what was typed."""
    told = program("ex00", "--no-record", cwd=REPOSITORY)
    assert (told.returncode, told.stderr) == (1, "")
    assert "exercises/ex00_one_thread/ex00.py, Python" in told.stdout
    assert told.stdout.endswith("python cli.py hint ex00\n")


def test_help_imports_nothing_heavy(tmp_path):
    """`grade --help` must answer at once: no renderer, no judge, no catalogue."""
    look = (
        "import sys; from threadmarks.commands import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'rich', 'pytest', 'msgspec', 'asyncio'}))"
    )
    told = subprocess.run([sys.executable, "-c", look], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == "[]"


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    """`grade | head -1` prints no traceback, and the exit code is the verdict's."""
    command = [sys.executable, str(CLI), "ex00", str(STUB), "--no-record"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_on_stdout_is_said(tmp_path):
    """A redirect to a full disk must not look like a grade, nor like the grader's fault."""
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, str(CLI), "ex00", str(STUB), "--no-record"]
        told = subprocess.run(command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert told.returncode == 2
    assert told.stderr == "Error: The answer could not be written: No space left on device.\n"


def test_a_terminal_that_lacks_a_character_gets_its_escape(tmp_path):
    """A character that cannot be shown must not end the report."""
    source = STUB.read_text().replace("raise NotImplementedError", "raise ValueError('\N{SNOWMAN}')", 1)
    (tmp_path / "ex00.py").write_text(source, encoding="utf-8")
    told = program("ex00", cwd=tmp_path, env={**os.environ, "PYTHONIOENCODING": "latin-1"})
    assert (told.returncode, told.stderr) == (1, "")
    assert "\\u2603" in told.stdout


def _heed_interrupts():
    """In the child: a background job of a shell starts with Ctrl-C ignored, and so would everything it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads the process tree from /proc")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_leaves_no_process_behind(tmp_path, number, code):
    """Also while the student's program is inside one instruction that takes minutes."""
    (tmp_path / "ex00.py").write_text(STUB.read_text() + "\nx = 10 ** 10 ** 9\n", encoding="utf-8")
    command = [sys.executable, str(CLI), "ex00"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=_heed_interrupts
    ) as process:
        while len(family := descendants(process.pid)) < 2:  # a zygote and a runner
            assert process.poll() is None
        process.send_signal(number)
        out, err = process.communicate()
    assert (process.returncode, out) == (code, b"")
    assert err.decode().strip() == {130: "Interrupted.", 143: "Terminated."}[code]
    for _ in range(600):  # a zygote ends when it sees that its judge is gone: soon, but not before the judge
        if not any(alive(pid) for pid in family):
            return
        time.sleep(0.05)
    pytest.fail(f"still there: {[pid for pid in family if alive(pid)]}")


def descendants(root: int) -> list[int]:
    """Every process below `root`."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found: list[int] = []
    level = [root]
    while level:
        level = [pid for pid, parent in parents.items() if parent in level]
        found += level
    return found


def alive(pid: int) -> bool:
    """True if the process is there and not only waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_terminal_is_shown_that_work_goes_on(monkeypatch):
    """The line comes, says how far the work is, and goes again."""
    leader, follower = pty.openpty()
    monkeypatch.setattr(console, "MOMENT_S", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    with os.fdopen(follower, "w") as terminal, monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", terminal)
        with console.working("Grading ex00") as indicator:
            indicator.progress(3, 7, "a check")
            shown = b""
            while b"Grading ex00, 3 of 7" not in shown:
                shown += os.read(leader, 1000)
        rest = os.read(leader, 1000)
    os.close(leader)
    assert rest.endswith(b"\r\x1b[K")


def test_what_is_not_a_terminal_is_shown_nothing(capfd):
    """A log is not a screen."""
    with console.working("Grading ex00"):
        print("stray output of the work")
    assert capfd.readouterr() == ("", "stray output of the work\n")


def test_a_terminal_gets_colour_and_its_width():
    """On a terminal the answer is painted; with NO_COLOR it is not."""
    for extra, painted in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
        leader, follower = pty.openpty()
        surroundings = {**os.environ, "TERM": "xterm", "COLUMNS": "60", **extra}
        surroundings.pop("FORCE_COLOR", None)
        command = [sys.executable, str(CLI), "explain", "deadlock"]
        with subprocess.Popen(command, stdout=follower, stdin=subprocess.DEVNULL, env=surroundings) as process:
            os.close(follower)
            shown = b""
            with contextlib.suppress(OSError):  # Linux says EIO when the other side is closed
                while part := os.read(leader, 1000):
                    shown += part
        os.close(leader)
        assert process.returncode == 0
        assert (b"\x1b[" in shown) == painted
        assert all(len(line) <= 70 for line in shown.splitlines())


def test_a_file_gets_the_width_that_is_asked_for(tmp_path):
    """COLUMNS in the environment was put there by somebody; a window's own width is not in it."""
    widths = {}
    for columns in ("60", "100", "0", "wide", ""):
        told = program("explain", "deadlock", cwd=tmp_path, env={**os.environ, "COLUMNS": columns})
        widths[columns] = max(len(line) for line in told.stdout.splitlines())
    assert widths["60"] <= 60 < widths[""] <= 80 < widths["100"] <= 100
    assert widths["0"] == widths["wide"] == widths[""]
