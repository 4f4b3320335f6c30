"""`grade batch` as an instructor types it, killed and refused in every way."""

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import packing
import pytest
from click.testing import CliRunner

from tests.batch.running import ENVIRONMENT, PROGRAM, offspring, published, results
from threadmarks import catalog
from threadmarks.commands import main
from threadmarks.commands.batch import LAYOUTS
from threadmarks.lms import registry
from threadmarks.sandbox.ladder import survey

BEST = next(seen.rung for seen in survey() if seen.offered).value
FIRST = catalog.resolve("ex00")
RIGHT = FIRST.reference.read_text(encoding="utf-8")
SECRET = "a secret of many words\n"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder with a secret, and nothing set in the environment."""
    for name in ("THREADMARKS_RUNG", "THREADMARKS_SECRET_FILE", "NO_COLOR", "FORCE_COLOR", "THREADMARKS_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.txt").write_text(SECRET)
    return tmp_path


def words(submissions, *more, out="out"):
    """The command's words."""
    return ["batch", str(submissions), "--out", out, "--secret-file", "secret.txt", "--rung", BEST, *more]


def many(count):
    """Files that are each another text, and quickly graded."""
    return {f"s{number}/ex00.py": f"# {number}\n{RIGHT}" for number in range(count)}


def test_a_download_becomes_marks(place):
    """Moodle's zip: the table, the manifest, a report each; what it was taken for is said aloud."""
    files = {
        "Ana García López_9_assignsubmission_file/ex00.py": RIGHT,
        "Jo Smith_8_assignsubmission_file/ex00.ipynb": "{}",
        "Jo Smith_13_assignsubmission_file/ex00 (1).py": RIGHT,
        "Bob_10_assignsubmission_file/ex00.py": "def (",
    }
    told = CliRunner().invoke(main, words(packing.put(place / "submissions.zip", files), "--json"))
    assert told.exit_code == 1  # the notebook is for a person
    assert "Layout: Moodle (recognised; --layout names another). 4 submissions of 4 owners, ex00." in told.stderr
    summary = json.loads(told.stdout)
    assert summary["counts"] == {"graded": 3, "not gradable": 1}
    assert [each["owner"]["key"] for each in summary["attention"]] == ["8"]
    assert set(published(place / "out")) == {
        "grades.csv",
        "manifest.json",
        "class.html",
        "junit.xml",
        *(
            f"reports/{number}/ex00/{name}"
            for number in (9, 10, 13)
            for name in ("report.json", "feedback.html", "feedback.md", "feedback.json")
        ),
    }
    report = json.loads((place / "out/reports/9/ex00/report.json").read_bytes())
    assert (report["score"], report["extra"]["official"], report["extra"]["rung"]) == (20.0, "yes", BEST)
    assert len(results(place / "out")) == 2
    before = (published(place / "out"), results(place / "out"))
    assert CliRunner().invoke(main, words("submissions.zip")).exit_code == 1
    assert (published(place / "out"), results(place / "out")) == before
    assert SECRET.strip() not in told.output


def start(place, out):
    """The command as a process, in a group of its own."""
    command = [
        sys.executable,
        "-c",
        PROGRAM,
        *words("class", "--jobs", "2", out=out),
    ]
    return subprocess.Popen(command, cwd=place, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def gone(pids):
    """Wait until none of the processes is there; a test that hangs here has found one that stays."""
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        time.sleep(0.05)
    return True


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_killed_at_any_moment_it_goes_on_and_comes_to_the_same(place):
    """kill -9, again and again: nothing finished is lost or made twice, nobody stays behind, and in the end nothing differs."""
    packing.folder(place / "class", many(6))
    whole = start(place, "whole")
    assert whole.wait() == 0, whole.stdout.read()
    whole.stdout.close()
    draw = random.Random()
    kept = {}
    for wanted in (0, 1, 3, 4):
        run = start(place, "out")
        while len(results(place / "out")) < wanted and run.poll() is None:
            time.sleep(0.01)
        time.sleep(draw.random() * 0.7)
        judges = offspring(run.pid)
        run.kill()
        run.wait()
        run.stdout.close()
        assert gone(judges)
        now = results(place / "out")
        assert kept.items() <= now.items()
        kept = now
    run = start(place, "out")
    assert run.wait() == 0
    run.stdout.close()
    assert kept.items() <= results(place / "out").items()
    assert set(results(place / "out")) == set(results(place / "whole"))
    assert published(place / "out") == published(place / "whole")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_publishes_what_is_there(place, number):
    """And says which signal it was, as every command does."""
    packing.folder(place / "class", many(6))
    run = start(place, "out")
    while not results(place / "out"):
        time.sleep(0.01)
    run.send_signal(number)
    (told, _) = run.communicate()
    assert run.returncode == 128 + number, told
    assert b"Traceback" not in told
    table = (place / "out" / "grades.csv").read_text(encoding="utf-8-sig")
    assert table.count(",graded,") == len(results(place / "out"))
    assert table.count(",graded,") + table.count(",pending,") == 6


def as_process(place, prefix=()):
    """The command on the class as a process, with a program before it."""
    line = [*prefix, sys.executable, "-c", PROGRAM, *words("class")]
    return subprocess.run(line, cwd=place, env=ENVIRONMENT, capture_output=True, text=True, check=False)


BOUND = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search")
"""Takes from root what lets it write everywhere."""


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root may write everywhere")
def test_an_output_folder_that_cannot_be_written_is_told_before_grading(place):
    """Read-only."""
    (place / "out").mkdir(mode=0o500)
    packing.folder(place / "class", many(1))
    told = as_process(place, BOUND if os.geteuid() == 0 else ())
    assert (told.returncode, told.stdout) == (2, "")
    assert "cannot be written: Permission denied" in told.stderr
    assert "Graded" not in told.stderr
    assert list((place / "out").iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="only root makes a small disk")
def test_a_disk_without_room_loses_nothing_that_is_finished(place):
    """A real one, of a few pages; then the same command on a large one goes on."""
    packing.folder(place / "class", many(6))
    (place / "out").mkdir()
    small = f'mount -t tmpfs -o size=16k none {place}/out && "$@"; code=$?; cp -r {place}/out {place}/kept; exit $code'
    told = as_process(place, ("unshare", "--mount", "sh", "-c", small, "sh"))
    assert told.returncode == 2, told.stderr
    assert "No space left on device" in told.stderr
    kept = results(place / "kept")
    assert 0 < len(kept) < 6
    (place / "out").rmdir()
    (place / "kept").rename(place / "out")
    assert CliRunner().invoke(main, words("class")).exit_code == 0
    assert kept.keys() <= results(place / "out").keys()
    alone = CliRunner().invoke(main, words("class", out="alone"))
    assert alone.exit_code == 0
    assert published(place / "out") == published(place / "alone")


def test_an_output_folder_that_is_a_file_is_told_before_grading(place):
    """What root cannot write either."""
    (place / "out").write_text("a file")
    packing.folder(place / "class", many(1))
    told = CliRunner().invoke(main, words("class"))
    assert (told.exit_code, told.stdout) == (2, "")
    assert "cannot be written" in told.stderr
    assert (place / "out").read_text() == "a file"


def test_a_disk_that_gets_full_ends_the_run_and_keeps_what_is_finished(place):
    """Then there is room again, and it goes on."""
    packing.folder(place / "class", many(2))

    def little_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    line = [sys.executable, "-c", PROGRAM, *words("class")]
    full = subprocess.run(line, cwd=place, env=ENVIRONMENT, capture_output=True, preexec_fn=little_room, check=False)
    assert full.returncode == 2, full.stderr
    assert b"could not be written: File too large. What is finished is kept" in full.stderr
    assert not list((place / "out").rglob("*.new"))
    kept = results(place / "out")
    again = CliRunner().invoke(main, words("class"))
    assert again.exit_code == 0, again.output
    assert kept.items() <= results(place / "out").items()
    assert len(results(place / "out")) == 2


@pytest.mark.parametrize(
    ("more", "words_"),
    [
        (["--exercise", "ex99"], 'There is no exercise "ex99"'),
        (["--policy", "nowhere.toml"], "cannot be read"),
        (["--layout", "blackbord"], "'blackbord' is not one of"),
        (["--gradebook", "nonsense"], "The gradebook nonsense cannot be used"),
        (["--jobs", "0"], "--jobs"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error_and_nothing_is_graded(place, more, words_):
    """Exit code 2, before any work."""
    if "--gradebook" in more:
        pytest.importorskip("nbgrader")
    packing.folder(place / "class", many(1))
    told = CliRunner().invoke(main, words("class", *more))
    assert (told.exit_code, told.stdout) == (2, "")
    assert words_ in told.stderr
    assert not (place / "out").exists()


def test_a_batch_is_for_marks_and_needs_a_secret(place):
    """As `grade --official` does."""
    packing.folder(place / "class", many(1))
    told = CliRunner().invoke(main, ["batch", "class", "--out", "out"])
    assert told.exit_code == 2
    assert "needs a secret" in told.stderr


def test_an_empty_folder_is_a_usage_error(place):
    """The wrong folder, most likely."""
    (place / "class").mkdir()
    told = CliRunner().invoke(main, words("class"))
    assert told.exit_code == 2
    assert "There is nothing in class." in told.stderr


def test_a_deadline_without_any_time_is_warned_of(place):
    """Plain folders tell no time that could be trusted."""
    (place / "late.toml").write_text("[deadlines]\nex00 = 2026-11-23T23:59:00Z\n")
    packing.folder(place / "class", {"anna/ex00.txt": ""})
    told = CliRunner().invoke(main, words("class", "--exercise", "ex00", "--policy", "late.toml"))
    assert told.exit_code == 1
    assert "plain folders tells no times here" in told.stderr


def test_the_layouts_that_the_command_offers_are_those_that_there_are():
    """Written twice, so that help stays quick."""
    assert set(LAYOUTS) == set(registry.LAYOUTS)


def test_help_imports_nothing_that_does_the_work():
    """`grade --help` is typed by students."""
    look = (
        "import sys; from threadmarks.commands import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = ('threadmarks.batch', 'threadmarks.lms', 'threadmarks.notebook', 'multiprocessing', 'rich', 'msgspec', 'yaml', 'nbgrader', 'zipfile')\n"
        "print([name for name in sys.modules if name.startswith(heavy)], file=sys.stderr)"
    )
    told = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert told.stderr.strip() == "[]"
