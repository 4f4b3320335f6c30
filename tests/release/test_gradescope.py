"""Gradescope's autograder in the documented folders: `results.json` is complete and valid whatever happens."""

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from threadmarks import catalog
from threadmarks.commands import main
from threadmarks.release import gradescope, visible, wheel

SECRET = "a secret of many words"
FIRST = catalog.resolve("ex00")
CHECKS = visible.declared(FIRST)


@pytest.fixture
def base(tmp_path):
    """`/autograder` as the service makes it, with a Python of the kit's in place of what `setup.sh` makes."""
    files = gradescope.files(FIRST, secret=SECRET, rung="plain")
    for path, data in files.items():
        place = tmp_path / "autograder" / "source" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        place.chmod(0o755 if path in gradescope.PROGRAMS else 0o644)
    (tmp_path / "autograder" / "submission").mkdir()
    python(tmp_path, f'exec {sys.executable} "$@"')
    return tmp_path / "autograder"


def python(folder: Path, line: str) -> None:
    """What stands for the environment's Python."""
    place = folder / "place" / "bin" / "python"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(f"#!/bin/sh\n{line}\n")
    place.chmod(0o755)


def run(base):
    """Run the autograder; its results, held against what Gradescope documents, and what it printed."""
    environment = {"PATH": os.environ["PATH"], "AUTOGRADER": str(base), "THREADMARKS_PLACE": str(base.parent / "place")}
    done = subprocess.run(
        ["bash", str(base / "source" / "run_autograder")], env=environment, capture_output=True, text=True, check=False
    )
    value = json.loads((base / "results" / "results.json").read_bytes())
    valid(value)
    assert SECRET not in done.stdout + json.dumps(value)
    return value, done.stdout + done.stderr


def valid(value):
    """Only keys and values that the service documents; every check once."""
    assert set(value) <= {"score", "execution_time", "output", "output_format", "test_output_format", "test_name_format", "visibility", "stdout_visibility", "extra_data", "tests", "leaderboard"}  # fmt: skip
    assert isinstance(value["score"], float)
    assert [test["name"] for test in value["tests"]] == [check.title for check in CHECKS]
    assert value["stdout_visibility"] == "hidden"
    for test in value["tests"]:
        assert set(test) <= {"score", "max_score", "status", "name", "name_format", "number", "output", "output_format", "tags", "visibility", "extra_data"}  # fmt: skip
        assert test["status"] in ("passed", "failed")
        assert test["visibility"] == "visible"  # one hidden test would hide the total
        assert test["output_format"] == test["name_format"] == "text"


def put(base, text, name="ex00.py"):
    """Hand in a file."""
    place = base / "submission" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(text if isinstance(text, bytes) else text.encode())


def test_a_right_solution_gets_all_points(base):
    """Graded officially, on what the machine offers."""
    put(base, FIRST.reference.read_bytes())
    value, said = run(base)
    assert (value["score"], value["extra_data"]["verdict"]) == (20.0, "passed"), said
    assert [test["max_score"] for test in value["tests"]] == [float(check.points) for check in CHECKS]


def test_a_wrong_solution_is_told_why_and_hidden_checks_keep_their_secrets(base):
    """Titles and messages are told; what was wanted is not, where the check is hidden."""
    put(base, FIRST.stub.read_bytes(), "src/ex00.py")
    value, _ = run(base)
    assert value["score"] == 0.0
    assert all("not-implemented" in test["output"] for test in value["tests"])


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "There is no file ex00.py in what you handed in"),
        ({"a.py": "x = 1", "b.py": "x = 2"}, "There is no file ex00.py in what you handed in"),
        ({"ex00.py": b"\xff\xfe"}, "UTF-8"),
        ({"ex00.py": ""}, "empty"),
    ],
)
def test_what_cannot_be_graded_is_told_to_the_student(base, files, said):
    """With every check, and no points."""
    for name, text in files.items():
        put(base, text, name)
    value, _ = run(base)
    assert said in value["output"]
    assert value["score"] == 0.0


def test_another_name_is_taken_when_it_is_the_only_one(base):
    """Wrong names cost nothing."""
    put(base, FIRST.reference.read_bytes(), "my_solution.py")
    assert run(base)[0]["score"] == 20.0


@pytest.mark.parametrize(
    "line",
    [
        "kill -9 $$",
        "kill -9 0",
        "exit 0",
        'echo \'{"score": 20.0, "tests": []}\'; exit 0',
        "exec /nonexistent",
    ],
)
def test_when_everything_is_killed_complete_results_are_there(base, line):
    """As they were put there before the first line of Python ran."""
    put(base, FIRST.reference.read_bytes())
    python(base.parent, line)
    environment = {"PATH": os.environ["PATH"], "AUTOGRADER": str(base), "THREADMARKS_PLACE": str(base.parent / "place")}
    subprocess.run(
        ["bash", str(base / "source" / "run_autograder")],
        env=environment,
        capture_output=True,
        check=False,
        start_new_session=True,
    )
    value = json.loads((base / "results" / "results.json").read_bytes())
    valid(value)
    assert (value["score"], value["output"]) == (0.0, gradescope.FALLBACK)


@pytest.mark.parametrize(
    "line",
    [
        "kill -9 $$",
        "exit 3",
        "echo nonsense",
        'echo \'{"score": 20, "tests": []}\'',
        'echo "[]"',
        'echo \'{"score": "x", "tests": [1,1,1,1,1,1,1]}\'',
    ],
)
def test_a_grader_that_dies_or_talks_nonsense_leaves_the_fallback(base, line):
    """The script that calls it goes on."""
    put(base, FIRST.reference.read_bytes())
    python(base.parent, f'case "$*" in *autograde.py*) exec {sys.executable} "$@";; esac; {line}')
    script = base / "source" / "autograde.py"
    fake = base.parent / "place" / "bin" / "python"
    script.write_text(script.read_text().replace("sys.executable", repr(str(fake))))
    value, _ = run(base)
    assert value["output"] == gradescope.FALLBACK


def test_a_file_that_ends_kills_and_overwrites_gets_no_points(base):
    """What it can reach on the rung that holds it: here, none of the results."""
    put(
        base,
        "import os, signal\n"
        f"path = {str(base / 'results' / 'results.json')!r}\n"
        "try:\n    open(path, 'w').write('{}')\nexcept OSError:\n    pass\n"
        "try:\n    os.kill(os.getppid(), signal.SIGKILL)\nexcept OSError:\n    pass\n"
        "os._exit(0)\n",
    )
    from threadmarks.sandbox.ladder import Rung, survey

    if not any(seen.offered for seen in survey() if seen.rung in (Rung.FULL, Rung.NO_USER_NAMESPACE)):
        pytest.skip("this machine holds files that mean harm on no rung")
    value, _ = run(base)
    assert value["score"] == 0.0
    assert value["extra_data"]["verdict"] != "passed"


def test_the_zip_is_as_the_service_wants_it(tmp_path, monkeypatch):
    """Both programs at the root and executable, shell that parses, the same bytes each time."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.txt").write_text(SECRET)
    words = ["release", "gradescope", "ex00", "--secret-file", "secret.txt", "--out"]
    for name in ("a.zip", "b.zip"):
        told = CliRunner().invoke(main, [*words, name])
        assert told.exit_code == 0, told.output
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        modes = {info.filename: info.external_attr >> 16 & 0o777 for info in archive.infolist()}
        for name in gradescope.PROGRAMS:
            subprocess.run(["bash", "-n"], input=archive.read(name), check=True)
            assert b"\r" not in archive.read(name)
        compile(archive.read("autograde.py"), "autograde.py", "exec")
    assert {name for name, mode in modes.items() if mode == 0o755} == set(gradescope.PROGRAMS)
    assert CliRunner().invoke(main, [*words, "folder"]).exit_code == 2
    assert CliRunner().invoke(main, words[:3] + words[5:] + ["c.zip"]).exit_code == 2


@pytest.mark.parametrize("exercise", catalog.load(), ids=lambda exercise: exercise.id)
def test_only_what_the_exercise_needs_is_in_it(exercise):
    """Its checks, and the references that it is built upon: no solution of its own."""
    data = gradescope.files(exercise, secret=SECRET, rung="plain")[wheel.NAME]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [name.partition("_content/")[2] for name in archive.namelist() if "_content/" in name]
    wanted = {f"solutions/{each.folder_name}/{each.file_name}" for each in catalog.foundations(exercise)}
    assert {name for name in names if name.startswith("solutions/")} == wanted
    assert {name.split("/")[1] for name in names if name.startswith("graders/")} == {exercise.folder_name}


def test_the_fallback_has_the_checks_that_grading_has():
    """Declarations are read without importing them: they must be read rightly."""
    for exercise in catalog.load():
        tests = json.loads(gradescope.fallback(exercise))["tests"]
        assert sum(test["max_score"] for test in tests) == 20.0, exercise.id
