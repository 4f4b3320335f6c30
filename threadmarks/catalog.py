"""The catalogue: which exercises there are, in which order, and what each one's metadata says.

Everything is parsed into types at the edge. An unknown key is an `AuthoringError` that names the likely intention.
Reads files only; must not import a grader, a stub or a solution.
"""

import difflib
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_origin

import msgspec

from threadmarks import content
from threadmarks.errors import AuthoringError, UsageError
from threadmarks.model import Verdict
from threadmarks.policy import Policy
from threadmarks.races import Races

T = TypeVar("T")

HIDDEN = "hidden.toml"
"""Beside the checks of a release for students: how much it leaves out."""
HINT_HEADING = re.compile(r"^## Hint (\d+)\s*$", re.MULTILINE)
NonEmpty = Annotated[str, msgspec.Meta(min_length=1)]


class CatalogFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`exercises/catalog.toml`."""

    order: tuple[NonEmpty, ...]  # folder names: the order in which a student meets the exercises


class StubPromise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the untouched stub fails: its verdict, and the finding code of every check."""

    verdict: Verdict = Verdict.FAILED
    finding: NonEmpty = "not-implemented"


class ExerciseFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`exercises/exNN_slug/exercise.toml`."""

    id: NonEmpty
    title: NonEmpty
    summary: NonEmpty
    difficulty: Annotated[int, msgspec.Meta(ge=1, le=5)]
    minutes: Annotated[int, msgspec.Meta(ge=1)]
    concepts: tuple[NonEmpty, ...]
    builds_on: tuple[NonEmpty, ...] = ()
    network: bool = False  # whether sockets can be made: then on a loopback that leads nowhere else
    bonus: bool = False  # whether nobody need do it: told on the board, and offered last
    policy: Policy = Policy()
    races: Races = Races()
    stub: StubPromise = StubPromise()


class HiddenFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`graders/exNN_slug/hidden.toml`, in releases for students only."""

    checks: Annotated[int, msgspec.Meta(ge=0)]
    points: Annotated[int, msgspec.Meta(ge=0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """One exercise: its metadata, and where its files lie.

    The paths need not exist (a student's install has no solutions); `authoring` proves those that must.
    """

    meta: ExerciseFile
    folder_name: str  # "ex02_thread_pool"
    root: Path  # the content's root

    @property
    def id(self) -> str:
        return self.meta.id

    @property
    def title(self) -> str:
        return self.meta.title

    @property
    def slug(self) -> str:
        """The folder's name without the id: "thread_pool"."""
        return self.folder_name.partition("_")[2]

    @property
    def file_name(self) -> str:
        """What a submission is called: "ex02.py"."""
        return f"{self.id}.py"

    @property
    def folder(self) -> Path:
        return self.root / "exercises" / self.folder_name

    @property
    def stub(self) -> Path:
        return self.folder / self.file_name

    @property
    def statement(self) -> Path:
        return self.folder / "README.md"

    @property
    def hints_file(self) -> Path:
        return self.folder / "hints.md"

    @property
    def grader_folder(self) -> Path:
        return self.root / "graders" / self.folder_name

    @property
    def scenarios(self) -> Path:
        return self.grader_folder / "scenarios.py"

    @property
    def witness(self) -> Path:
        """The scenarios of plain runs; an exercise need not have any."""
        return self.grader_folder / "witness.py"

    @property
    def checks(self) -> Path:
        return self.grader_folder / f"test_{self.slug}.py"

    @property
    def solution_folder(self) -> Path:
        return self.root / "solutions" / self.folder_name

    @property
    def reference(self) -> Path:
        return self.solution_folder / self.file_name

    @property
    def alternatives(self) -> tuple[Path, ...]:
        """Further correct solutions, by name."""
        return tuple(sorted((self.solution_folder / "alternatives").glob("*.py")))

    @property
    def wrong(self) -> tuple[Path, ...]:
        """The wrong solutions, by name."""
        return tuple(sorted((self.solution_folder / "wrong").glob("*.py")))

    def hidden(self) -> HiddenFile | None:
        """What a release for students leaves out; None where all checks are here. Raises AuthoringError."""
        path = self.grader_folder / HIDDEN
        return parse_toml(read_content(path), HiddenFile, str(path)) if path.is_file() else None

    def hints(self) -> tuple[str, ...]:
        """The hints, mildest first. Raises AuthoringError when the levels do not count up from 1."""
        parts = HINT_HEADING.split(read_content(self.hints_file))[1:]
        levels = [int(level) for level in parts[::2]]
        if not levels or levels != list(range(1, len(levels) + 1)):
            raise AuthoringError(f"{self.hints_file}: expected headings '## Hint 1', '## Hint 2', ...; found {levels}")
        return tuple(text.strip() for text in parts[1::2])


def read_content(path: Path) -> str:
    """The text of a content file. Raises AuthoringError when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise AuthoringError(f"{path}: cannot be read: {problem}") from None


def parse_toml(text: str, wanted: type[T], where: str) -> T:
    """The TOML document `text` as a `wanted` struct. Raises AuthoringError, with a suggestion for an unknown key."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise AuthoringError(f"{where}: not TOML: {problem}") from None
    _refuse_unknown_keys(data, wanted, where, "")
    try:
        return msgspec.convert(data, wanted)
    except msgspec.ValidationError as problem:
        raise AuthoringError(f"{where}: {problem}") from None


def _refuse_unknown_keys(data: Any, wanted: Any, where: str, prefix: str) -> None:
    """Look through nested tables (and tables in lists) for keys that `wanted` does not have."""
    if get_origin(wanted) is Annotated:
        wanted = wanted.__origin__
    if isinstance(data, list):
        (inner, *_) = getattr(wanted, "__args__", (None,))
        for item in data:
            _refuse_unknown_keys(item, inner, where, prefix)
    if not isinstance(data, dict) or not (isinstance(wanted, type) and issubclass(wanted, msgspec.Struct)):
        return
    fields = {field.name: field.type for field in msgspec.structs.fields(wanted)}
    for key, value in data.items():
        if key not in fields:
            raise AuthoringError(f'{where}: unknown key "{prefix}{key}".{did_you_mean(key, fields)}')
        _refuse_unknown_keys(value, fields[key], where, f"{prefix}{key}.")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A sentence that asks whether the nearest known word was meant, or lists them all when none is near."""
    names = list(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    return f' Did you mean "{near[0]}"?' if near else f" Known: {', '.join(names)}."


def load(root: Path | None = None) -> tuple[Exercise, ...]:
    """Every exercise of the catalogue, in its order. Raises AuthoringError."""
    base = content.root() if root is None else root
    index = base / "exercises" / "catalog.toml"
    order = parse_toml(read_content(index), CatalogFile, str(index)).order
    if len(set(order)) != len(order):
        raise AuthoringError(f"{index}: a folder is named twice")
    return tuple(_load_one(base, name) for name in order)


def _load_one(base: Path, folder_name: str) -> Exercise:
    path = base / "exercises" / folder_name / "exercise.toml"
    meta = parse_toml(read_content(path), ExerciseFile, str(path))
    if folder_name.partition("_")[0] != meta.id:
        raise AuthoringError(f'{path}: id "{meta.id}" does not begin the folder\'s name "{folder_name}"')
    return Exercise(meta=meta, folder_name=folder_name, root=base)


def foundations(exercise: Exercise) -> tuple[Exercise, ...]:
    """Every exercise that a solution of this one stands on, directly or not, in the catalogue's order.

    Raises AuthoringError for an id that is not there, or that does not come before the exercise that builds on it.
    """
    if not exercise.meta.builds_on:
        return ()
    known = {each.id: each for each in load(exercise.root)}
    wanted: set[str] = set()
    due = [exercise]
    while due:
        upper = due.pop()
        earlier = list(known)[: list(known).index(upper.id)]
        for name in upper.meta.builds_on:
            if name not in earlier:
                raise AuthoringError(
                    f"{upper.id}: builds_on {name!r}, which is no exercise before it.{did_you_mean(name, earlier)}"
                )
            if name not in wanted:
                wanted.add(name)
                due.append(known[name])
    return tuple(each for each in known.values() if each.id in wanted)


def resolve(word: str, exercises: Iterable[Exercise] | None = None) -> Exercise:
    """The exercise called `word`, by id or folder name. Raises UsageError with the nearest one."""
    known = tuple(load() if exercises is None else exercises)
    for exercise in known:
        if word in (exercise.id, exercise.folder_name):
            return exercise
    raise UsageError(f'There is no exercise "{word}".{_suggestion(word, known)} See all exercises with: grade')


def _suggestion(word: str, known: tuple[Exercise, ...]) -> str:
    number = re.fullmatch(r"(?:ex)?_?0*(\d+)(?:\.py)?", word.strip().lower())
    names: dict[str, str] = {}
    for exercise in known:
        if number and re.fullmatch(rf"ex0*{number[1]}", exercise.id):
            return f" Did you mean {exercise.id}?"
        names.update({exercise.id: exercise.id, exercise.folder_name: exercise.id, exercise.slug: exercise.id})
    near = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    return f" Did you mean {names[near[0]]}?" if near else ""
