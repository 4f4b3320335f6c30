"""What students get holds no solution, no wrong solution and no hidden check, in any byte and in any compiled function; and it grades."""

import ast
import io
import json
import os
import subprocess
import sys
import types
import zipfile
from functools import cache

import pytest
from click.testing import CliRunner

from threadmarks import catalog
from threadmarks.commands import main
from threadmarks.release import student, visible, wheel

EXERCISES = catalog.load()
LINE = 56
"""Characters from which on one line of code is somebody's own, and not just Python."""
PIECE = 3
"""So many lines in a row are somebody's own from a lesser length on."""
PIECE_LENGTH = 70
TEXT = 24
CODE = 48
"""Bytes of a compiled function's code from which on it is likewise: `self.close()` alone takes 46 (3.11), and is nobody's own."""


@cache
def release():
    """Every file of the release by path, those in the wheel too."""
    files = student.files()
    with zipfile.ZipFile(io.BytesIO(files[wheel.NAME])) as archive:
        inner = {f"{wheel.NAME}/{name}": archive.read(name) for name in archive.namelist()}
    return {**{path: data for path, data in files.items() if path != wheel.NAME}, **inner}


@cache
def blob():
    """All of it as bytes."""
    return b"\n".join(release().values())


def found(pieces):
    """Those of the texts that are somewhere in the release, byte by byte.

    A look at each place of it for how the texts begin is quicker than a search for each of thousands.
    """
    sought = {piece.encode(): piece for piece in pieces}
    length = min(map(len, sought))
    starts = {data[:length] for data in sought}
    whole = blob()
    there = {start for place in range(len(whole)) if (start := whole[place : place + length]) in starts}
    return {piece for data, piece in sought.items() if data[:length] in there and data in whole}


@cache
def solutions():
    """Every text that solves an exercise, rightly or wrongly."""
    return {
        path: path.read_text(encoding="utf-8")
        for exercise in EXERCISES
        for path in (exercise.reference, *exercise.alternatives, *exercise.wrong)
    }


def pieces(text):
    """The lines, and the few lines in a row, that are somebody's own: as they stand, byte by byte."""
    kept = [
        line for line in text.splitlines() if line.strip() and not line.lstrip().startswith(("import ", "from ", "#"))
    ]
    whole = text.splitlines()
    own_lines = {line.strip() for line in kept}
    found = {line for line in own_lines if len(line) >= LINE}
    for start in range(len(whole) - PIECE + 1):
        rows = whole[start : start + PIECE]
        piece = "\n".join(rows)
        if all(row.strip() in own_lines for row in rows) and len("".join(piece.split())) >= PIECE_LENGTH:
            found.add(piece)
    return found


@cache
def given():
    """What students are meant to have: stubs, statements, hints and the visible parts of graders, as one text."""
    texts = [data.decode() for path, data in release().items() if path.startswith("exercises/") and path.endswith((".py", ".md", ".toml"))]  # fmt: skip
    texts += [text for exercise in EXERCISES for text in visible.visible(exercise).files.values()]
    return "\n".join(texts)


def functions(code):
    """Every function in compiled code, as what it does and names."""
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            plain = tuple(each for each in constant.co_consts[1:] if not isinstance(each, types.CodeType))
            if len(constant.co_code) >= CODE and not constant.co_name.startswith("<"):
                yield (constant.co_code, constant.co_names, constant.co_varnames, repr(plain))
            yield from functions(constant)


def texts(tree):
    """Every text in code that is somebody's own."""
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and len(node.value) >= TEXT
        and " " in node.value
    }


@cache
def released_functions():
    """Every function in the Python files of the release, compiled, and a file that has it."""
    files = {path: data for path, data in release().items() if path.endswith(".py")}
    return {
        each: path for path, data in files.items() for each in functions(compile(data, path, "exec", dont_inherit=True))
    }


@cache
def released_texts():
    """Every text in the Python files of the release."""
    return {each for path, data in release().items() if path.endswith(".py") for each in texts(ast.parse(data))}


@cache
def shown_texts():
    """Every text in what students are meant to see of graders."""
    shown = [part for exercise in EXERCISES for part in visible.visible(exercise).files.values()]
    return {each for part in shown for each in texts(ast.parse(part))}


def hidden_functions(exercise):
    """The hidden checks of an exercise as they stand in its grader."""
    names = {f"test_{check.name}" for check in visible.declared(exercise) if not check.visible}
    text = exercise.checks.read_text(encoding="utf-8")
    nodes = [node for node in ast.parse(text).body if getattr(node, "name", "") in names]
    assert len(nodes) == len(names) > 0
    return text, nodes


def announced(exercise):
    """What is said of hidden checks before: their titles stand in the statement, what they teach in the metadata."""
    return {check.title for check in visible.declared(exercise)} | set(exercise.meta.concepts)


def test_no_line_of_a_solution_is_in_any_file():
    """Byte by byte, over everything in the release and in the wheel in it."""
    free = given()
    own = {piece: path.name for path, text in solutions().items() for piece in pieces(text) if piece not in free}
    assert len(own) > 1000
    assert {(own[piece], piece) for piece in found(own)} == set()
    known = next(iter(pieces(free)))
    assert found({*own, known}) == {known}


def test_no_function_of_a_solution_is_in_any_compiled_file():
    """Renaming a file, or taking its comments out, would not hide it here."""
    stubs = {each for exercise in EXERCISES for each in functions(compile(exercise.stub.read_bytes(), "stub", "exec"))}
    seen = released_functions()
    assert len(seen) > 1000
    for path, text in solutions().items():
        own = set(functions(compile(text, str(path), "exec", dont_inherit=True))) - stubs
        assert {seen[each] for each in own if each in seen} == set(), path


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_no_line_and_no_text_of_a_hidden_check_is_anywhere(exercise):
    """Titles, messages, misconceptions and what is wanted: as bytes, and as texts in compiled code (where they are joined)."""
    text, nodes = hidden_functions(exercise)
    source = text.split("\n")
    secret = set().union(*(texts(node) for node in nodes)) - shown_texts() - announced(exercise)
    assert secret
    assert secret & released_texts() == set()
    assert found(secret) == set()
    free = given()
    first = [min([node.lineno, *(each.lineno for each in node.decorator_list)]) - 1 for node in nodes]
    bodies = ["\n".join(source[start : node.end_lineno]) for start, node in zip(first, nodes, strict=True)]
    own = {piece for body in bodies for piece in pieces(body) if piece not in free}
    assert own
    assert found(own) == set()


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_no_hidden_check_is_in_compiled_code(exercise):
    """By what it does, whatever it is called."""
    _, nodes = hidden_functions(exercise)
    module = ast.Module(body=nodes, type_ignores=[])
    own = set(functions(compile(module, "hidden", "exec", dont_inherit=True)))
    assert own
    seen = released_functions()
    assert {seen[each] for each in own if each in seen} == set()


def test_nothing_but_what_is_meant_is_packed():
    """No solutions folder, nothing that Python made, no witness of hidden checks' own."""
    names = set(release())
    assert not [name for name in names if "solutions" in name or name.endswith(".pyc") or "__pycache__" in name]
    graders = {name.partition("_content/graders/")[2] for name in names if "_content/graders/" in name}
    for exercise in EXERCISES:
        inside = {name.partition("/")[2] for name in graders if name.startswith(f"{exercise.folder_name}/")}
        assert inside <= {exercise.checks.name, "scenarios.py", "witness.py", "hidden.toml"}
        assert f"exercises/{exercise.folder_name}/{exercise.file_name}" in names
        assert f"exercises/{exercise.folder_name}/README.md" in names
        assert f"exercises/{exercise.folder_name}/hints.md" in names


def test_the_same_kit_makes_the_same_bytes(tmp_path):
    """Also as a zip, a second later."""
    for name in ("a.zip", "b.zip"):
        assert CliRunner().invoke(main, ["release", "student", "--out", str(tmp_path / name)]).exit_code == 0
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_folder_that_holds_something_is_not_written_to(tmp_path):
    """It might be somebody's work."""
    (tmp_path / "thesis.txt").write_text("years")
    told = CliRunner().invoke(main, ["release", "student", "--out", str(tmp_path)])
    assert told.exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """A student's machine: the wheel's files on the path, every reference in the working folder."""
    folder = tmp_path_factory.mktemp("student")
    with zipfile.ZipFile(io.BytesIO(student.files()[wheel.NAME])) as archive:
        archive.extractall(folder / "kit")
    (folder / "work").mkdir()
    for exercise in EXERCISES:
        (folder / "work" / exercise.file_name).write_bytes(exercise.reference.read_bytes())
    return folder


def grade(unpacked, *words):
    """The student's `grade`."""
    line = [sys.executable, "-c", "import threadmarks; assert '/kit/' in threadmarks.__file__; from threadmarks.commands import main; main()"]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(unpacked / "kit"), "NO_COLOR": "1"}
    return subprocess.run(
        [*line, *words], cwd=unpacked / "work", env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_a_student_runs_the_visible_checks_and_is_told_how_many_hidden_ones_wait(unpacked, exercise):
    """The references pass what is there."""
    done = grade(unpacked, exercise.id, "--json", "--no-record")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    told = json.loads(done.stdout)
    checks = visible.declared(exercise)
    assert [check["name"] for check in told["checks"]] == [check.name for check in checks if check.visible]
    hidden = [check for check in checks if not check.visible]
    points = sum(check.points for check in hidden)
    assert told["extra"]["hidden_checks"].startswith(f"{len(hidden)} hidden check")
    assert f"({points} point" in told["extra"]["hidden_checks"]


def test_the_text_for_a_student_says_it_too(unpacked):
    """With the stub: what fails is told, and the rest is not forgotten."""
    stub = catalog.resolve("ex00").stub.read_bytes()
    (unpacked / "work" / "mine.py").write_bytes(stub)
    done = grade(unpacked, "ex00", "mine.py", "--no-record")
    assert done.returncode == 1
    assert "2 hidden checks (5 points) more when it is graded for marks" in done.stdout


def test_the_wheel_is_one(unpacked):
    """Its record holds every file with its digest and length, and what it asks for is what the kit asks for."""
    (info,) = (unpacked / "kit").glob("*.dist-info")
    rows = [row.rsplit(",", 2) for row in (info / "RECORD").read_text().splitlines()]
    packed = {path.relative_to(unpacked / "kit").as_posix() for path in (unpacked / "kit").rglob("*") if path.is_file() and "__pycache__" not in path.parts}  # fmt: skip
    assert {row[0] for row in rows} == packed
    assert all(int(size) == (unpacked / "kit" / name).stat().st_size for name, _, size in rows if size)
    said = (info / "METADATA").read_text()
    assert "Requires-Dist: msgspec" in said
    assert "ruff" not in said
