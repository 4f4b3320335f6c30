"""Proves that nothing is missing and nothing is orphaned: each file belongs to an exercise, each exercise has its files."""

import re
from collections.abc import Iterable
from pathlib import Path

from threadmarks import policy, races
from threadmarks.authoring.rows import Row
from threadmarks.catalog import Exercise, read_content
from threadmarks.errors import AuthoringError
from threadmarks.judge.stub_api import api_entries
from threadmarks.wire import ApiEntry

HINT_LEVELS = 3
ALTERNATIVES = 2
_FIGURE = re.compile(r"!\[[^]]{20,}\]\(([\w-]+\.svg)\)")  # with at least a sentence for those who do not see it
_IGNORED = frozenset({"__pycache__", ".DS_Store"})


def orphans(root: Path, exercises: Iterable[Exercise]) -> Row:
    """Folders without an entry in the catalogue, in all three trees."""
    names = {exercise.folder_name for exercise in exercises}
    problems = []
    for tree in ("exercises", "graders", "solutions"):
        expected = names | ({"catalog.toml"} if tree == "exercises" else set())
        problems += [
            f"{tree}/{path.name} belongs to no exercise of the catalogue"
            for path in _entries(root / tree)
            if path.name not in expected
        ]
    return Row(
        exercise="",
        what="catalogue",
        promise="every folder belongs to an exercise",
        seen=f"{len(names)} exercises",
        problems=tuple(problems),
    )


def _entries(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.name not in _IGNORED) if folder.is_dir() else []


def files(exercise: Exercise) -> Row:
    """An exercise's own files: all there, none unexpected, hints in levels, the solution shaped like the stub."""
    problems = [
        f"{path.relative_to(exercise.root)} is missing"
        for path in (
            exercise.stub,
            exercise.statement,
            exercise.hints_file,
            exercise.scenarios,
            exercise.checks,
            exercise.reference,
        )
        if not path.is_file()
    ]
    problems += _unexpected(exercise)
    if not problems:
        problems += _hint_problems(exercise) + _shape_problems(exercise) + _statement_problems(exercise)
    if len(exercise.alternatives) < ALTERNATIVES:
        problems.append(f"{len(exercise.alternatives)} alternative solutions; at least {ALTERNATIVES} are due")
    if not exercise.wrong:
        problems.append("no wrong solution")
    return Row(
        exercise=exercise.id,
        what="files",
        promise="complete, nothing orphaned",
        seen=f"{len(exercise.alternatives)} alternatives, {len(exercise.wrong)} wrong",
        problems=tuple(problems),
    )


def _unexpected(exercise: Exercise) -> list[str]:
    expected = {
        exercise.folder: {exercise.file_name, "README.md", "exercise.toml", "hints.md"},
        exercise.grader_folder: {exercise.scenarios.name, exercise.witness.name, exercise.checks.name},
        exercise.solution_folder: {exercise.file_name, "alternatives", "wrong"},
    }
    expected[exercise.folder] |= _figures(exercise)
    strangers = [path for folder, names in expected.items() for path in _entries(folder) if path.name not in names]
    for name in ("alternatives", "wrong"):
        strangers += [path for path in _entries(exercise.solution_folder / name) if path.suffix != ".py"]
    return [f"{path.relative_to(exercise.root)} is not expected there" for path in strangers]


def _figures(exercise: Exercise) -> set[str]:
    """The pictures that the statement shows, each with a description."""
    return set(_FIGURE.findall(read_content(exercise.statement))) if exercise.statement.is_file() else set()


def _hint_problems(exercise: Exercise) -> list[str]:
    try:
        levels = len(exercise.hints())
    except AuthoringError as problem:
        return [str(problem)]
    return [] if levels == HINT_LEVELS else [f"{levels} hints; {HINT_LEVELS} are due"]


def _statement_problems(exercise: Exercise) -> list[str]:
    """The statement tells the source policy and which races count word for word: what costs points is told before it does."""
    statement = " ".join(read_content(exercise.statement).split())
    due = {"the policy": policy.told(exercise.meta.policy), "which races cost points": races.told(exercise.meta.races)}
    return [
        f"the statement does not tell {what}; it must say: {paragraph}"
        for what, paragraph in due.items()
        if paragraph not in statement
    ]


def _shape_problems(exercise: Exercise) -> list[str]:
    """The reference has every signature of the stub, to the letter."""
    try:
        stub = api_entries(read_content(exercise.stub), str(exercise.stub))
        reference = {
            entry.name: entry for entry in api_entries(read_content(exercise.reference), str(exercise.reference))
        }
    except AuthoringError as problem:
        return [str(problem)]
    problems = []
    for entry in stub:
        other = reference.get(entry.name)
        if other is None:
            problems.append(f"the reference does not define {entry.name}, as the stub does")
        elif not _same_shape(entry, other):
            problems.append(f"the reference has {other.signature}, the stub {entry.signature}")
    return problems


def _same_shape(entry: ApiEntry, other: ApiEntry) -> bool:
    """Equal to the letter; for special methods, which the interpreter calls, equal in number."""
    method = entry.name.rpartition(".")[2]
    if method.startswith("__") and method not in ("__init__", "__call__"):
        return len(entry.parameters) == len(other.parameters)
    return entry.parameters == other.parameters
