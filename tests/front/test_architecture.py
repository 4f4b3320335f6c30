"""ARCHITECTURE.md and the README say what is there: a map that lies is worse than none."""

import ast
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from threadmarks import catalog, content
from threadmarks.commands import main
from threadmarks.sandbox.ladder import survey

REPOSITORY = content.PACKAGE.parent
MAP = (REPOSITORY / "ARCHITECTURE.md").read_text(encoding="utf-8")
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
PATHS = sorted(set(re.findall(r"`((?:[\w.-]+/)*[\w.-]+(?:/|\.(?:py|md|toml))|\.ci/run)`", MAP)) - {"scenarios.py", "witness.py", "alternatives/", "wrong/", "__init__.py", ".threadmarks/"})  # fmt: skip
PARTS = sorted(
    path.relative_to(REPOSITORY).as_posix() + ("/" if path.is_dir() else "")
    for path in [*content.PACKAGE.iterdir(), *content.PACKAGE.glob("*/*/")]
    if path.name not in ("__init__.py", "py.typed") and (path.suffix == ".py" or (path / "__init__.py").exists())
)
CONTENT_FILES = sorted(path.relative_to(REPOSITORY) for part in ("exercises", "graders", "solutions") for path in (REPOSITORY / part).rglob("*.py"))  # fmt: skip


def dev_module():
    """dev.py, imported without running it."""
    spec = importlib.util.spec_from_file_location("dev", REPOSITORY / "dev.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


DEV = dev_module()


@pytest.mark.parametrize("path", PATHS)
def test_every_path_on_the_map_exists(path):
    """Renamed here, renamed there."""
    assert (REPOSITORY / path).exists()


def test_every_folder_of_the_repository_is_on_the_map():
    """A newcomer's first question is what this folder is for."""
    told = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=False).stdout
    folders = {path.partition("/")[0] for path in told.splitlines() if "/" in path}
    assert {folder for folder in folders if f"`{folder}/" not in MAP} == set()


@pytest.mark.parametrize("part", PARTS)
def test_every_part_of_the_package_is_on_the_map(part):
    """Added here, added there."""
    assert f"`{part}`" in MAP


def test_every_decision_is_numbered_once_and_linked_names_exist():
    """0001, 0002, ... in order."""
    numbers = [int(path.name[:4]) for path in sorted((REPOSITORY / "docs/decisions").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_link_of_the_readme_leads_somewhere():
    """Pictures too."""
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README + MAP):
        assert (REPOSITORY / target).exists(), target


def test_the_readme_names_every_command():
    """A command that nobody can find is not there."""
    for name in main.commands:
        if name != "check":  # the word that may be left out
            assert f"grade {name}" in README, name
    for name in DEV.COMMANDS:
        if name != "setup":
            assert f"dev.py {name}" in README, name


def test_the_readme_names_no_command_that_is_not_there():
    """Copied commands must work."""
    assert set(re.findall(r"dev\.py (\w+)", README)) <= set(DEV.COMMANDS)
    words = set(re.findall(r"^(?:grade|python3? \S*cli\.py) (\w+)", README, re.MULTILINE))
    assert {word for word in words if not re.match(r"ex\d", word)} <= set(main.commands)


def test_the_files_that_the_readme_grades_exist():
    """The first command that anybody copies."""
    for path in re.findall(r"dev\.py grade ex\d+ (\S+)", README):
        assert (REPOSITORY / path).is_file(), path


STUDENTS_COMMANDS = [
    line.partition(" #")[0].strip()
    for line in README.splitlines()
    if re.match(r"grade( |$)", line) and "content" not in line
]


@pytest.mark.parametrize("line", STUDENTS_COMMANDS)
def test_the_readmes_commands_run(cli, tmp_path, line):
    """As they stand, in a folder like a student's: none is a usage error or a fault."""
    exercise = catalog.resolve("ex02")
    (tmp_path / "other").mkdir()
    for name in ("ex02.py", "other/pool.py"):
        shutil.copy(exercise.stub, tmp_path / name)
    (tmp_path / "submissions" / "anna").mkdir(parents=True)
    shutil.copy(exercise.stub, tmp_path / "submissions" / "anna")
    (tmp_path / "secret.txt").write_text("a secret of many words\n")
    refused = (
        {3} if ("--official" in line or " batch " in line) and not survey()[0].offered else set()
    )  # as the README says it would be
    words = line.partition(" > ")[0].replace("TOKEN", "tm2.ex02.gated_jobs.block").split()[1:]
    assert cli.invoke(main, words).exit_code in {0, 1} | refused


def imported(path: Path) -> set[str]:
    """The modules that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((REPOSITORY / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= (
                {node.module or "."}
                if node.module != "threadmarks"
                else {f"threadmarks.{alias.name}" for alias in node.names}
            )
    return names


@pytest.mark.parametrize("path", CONTENT_FILES, ids=str)
def test_content_imports_only_what_it_may(path):
    """The standard library and the prelude; checks also pytest and the grading surface. Nothing else is there."""
    allowed = {"threadmarks.prelude"}
    if path.parts[0] == "graders" and path.name.startswith("test_"):
        allowed |= {"pytest", "threadmarks.grading"}
    foreign = {name for name in imported(path) if name.partition(".")[0] not in sys.stdlib_module_names}
    assert foreign <= allowed


@pytest.mark.parametrize(
    "path",
    [*sorted(content.PACKAGE.rglob("*.py")), REPOSITORY / "cli.py", REPOSITORY / "dev.py"],
    ids=lambda path: path.name,
)
def test_nothing_imports_the_tests_or_the_fronts(path):
    """They are the ends of the graph."""
    assert not {name.partition(".")[0] for name in imported(path)} & {"tests", "cli", "dev", "benchmarks"}


@pytest.mark.parametrize(
    "path", sorted(content.PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(content.PACKAGE).as_posix()
)
def test_no_module_is_longer_than_400_lines(path):
    """Past that, it is split, or ARCHITECTURE.md says why not."""
    length = len(path.read_text(encoding="utf-8").splitlines())
    assert length <= 400 or f"`{path.relative_to(REPOSITORY).as_posix()}` is longer" in MAP


def test_dev_help_lists_every_command():
    """One entry for everything a developer runs."""
    told = subprocess.run(
        [sys.executable, str(REPOSITORY / "dev.py"), "--help"], capture_output=True, text=True, check=True
    )
    assert all(f"\n  {name} " in told.stdout for name in DEV.COMMANDS)


@pytest.mark.parametrize(("words", "hint"), [(["tset"], "Did you mean 'test'?"), ([], "usage: python3 dev.py")])
def test_dev_refuses_what_it_does_not_know(words, hint):
    """With exit code 2, and before it sets up anything."""
    told = subprocess.run(
        [sys.executable, str(REPOSITORY / "dev.py"), *words], capture_output=True, text=True, check=False
    )
    assert told.returncode == 2
    assert hint in told.stderr + told.stdout


def test_dev_uses_the_standard_library_only():
    """It runs before anything is installed."""
    assert {name.partition(".")[0] for name in imported(Path("dev.py"))} <= set(sys.stdlib_module_names)


def test_dev_remakes_a_broken_environment(tmp_path, monkeypatch):
    """No stamp, a wrong stamp, no interpreter, no packages: each is made anew; a fitting one is left alone."""
    made = []

    def make(folder, python, stamp):
        made.append(folder)
        python.parent.mkdir(parents=True, exist_ok=True)
        python.write_text(f"#!/bin/sh\nexec {sys.executable} -c pass\n")
        python.chmod(0o755)
        (folder / DEV.STAMP).write_text(stamp)

    monkeypatch.setattr(DEV, "_make", make)
    monkeypatch.setenv("THREADMARKS_VENV", str(tmp_path / "venv"))
    python = DEV.environment()
    assert len(made) == 1
    DEV.environment()
    assert len(made) == 1
    (tmp_path / "venv" / DEV.STAMP).write_text("other")
    DEV.environment()
    assert len(made) == 2
    python.unlink()
    DEV.environment()
    assert len(made) == 3
    python.write_text("#!/bin/sh\nexit 1\n")
    DEV.environment()
    assert len(made) == 4


def test_dev_does_not_remove_a_folder_that_is_no_environment(tmp_path, monkeypatch):
    """THREADMARKS_VENV=$HOME must not cost a home."""
    (tmp_path / "thesis.txt").write_text("years of work")
    monkeypatch.setenv("THREADMARKS_VENV", str(tmp_path))
    with pytest.raises(SystemExit):
        DEV.environment()
    assert (tmp_path / "thesis.txt").exists()
