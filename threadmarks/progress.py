"""What a student has reached so far: `.threadmarks/progress.json` in the folder they work in.

Versioned, written atomically under a lock, and never lost silently: a file that cannot be understood (damaged, or written
by a newer kit) is set aside beside the new one, and the caller gets a sentence to show. Reading changes nothing. A folder
that cannot be written costs the record, never the grade. Knows scores only; must not grade or print.
"""

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from threadmarks.errors import UsageError

VERSION = 1
FOLDER = ".threadmarks"
FILE = "progress.json"
LOCK = "lock"
SIZE_LIMIT_BYTES = 1 << 20


class ProgressError(UsageError):
    """The record cannot be read or written. The text is a sentence for the student."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """The best grading of one exercise, and how far the student went to get it."""

    score: float = 0.0
    max_score: float = 0.0
    passed: bool = False
    attempts: int = 0  # gradings, whatever their verdict
    hints: int = 0  # the highest level of hint shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The record of one folder. `best` is keyed by exercise id; an exercise never tried has no entry."""

    best: Mapping[str, Best] = field(default_factory=dict)

    def of(self, exercise: str) -> Best:
        """The record of one exercise; zeros if there is none."""
        return self.best.get(exercise, Best())

    def with_grading(self, exercise: str, *, score: float, max_score: float, passed: bool) -> "Progress":
        """The record with one grading more. The best one stays: a later, lower score takes nothing away."""
        old = self.of(exercise)
        better = (passed, score) > (old.passed, old.score) or not old.attempts
        new = Best(score=score, max_score=max_score, passed=passed) if better else old
        return self._with(exercise, replace(new, attempts=old.attempts + 1, hints=old.hints))

    def with_hint(self, exercise: str, level: int) -> "Progress":
        """The record with hints up to `level` shown."""
        old = self.of(exercise)
        return self._with(exercise, replace(old, hints=max(old.hints, level)))

    def _with(self, exercise: str, best: Best) -> "Progress":
        return Progress(best={**self.best, exercise: best})


def load(folder: Path) -> Progress:
    """The record in `folder`; empty if there is none. Changes nothing.

    Raises ProgressError when there is one that cannot be used.
    """
    path = folder / FOLDER / FILE
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT_BYTES + 1)
    except FileNotFoundError:
        return Progress()
    except OSError as problem:
        raise ProgressError(f"{path} cannot be read ({problem.strerror}), so the board starts empty.") from None
    try:
        return _parse(data)
    except _Newer as newer:
        raise ProgressError(
            f"{path} was written by a newer threadmarks (its version is {newer}, this one knows {VERSION}), so the board starts "
            "empty. Upgrade threadmarks to see it again."
        ) from None
    except (ValueError, RecursionError) as problem:
        raise ProgressError(f"{path} is damaged ({problem}), so the board starts empty.") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated:
    """The record after an update, and sentences that the student should see."""

    progress: Progress
    warnings: tuple[str, ...] = ()


def record(folder: Path, change: Callable[[Progress], Progress]) -> Updated:
    """Replace the record in `folder` by `change` of it, under the folder's lock, so that two gradings at once both count.

    Raises ProgressError when nothing could be written; the old record stands then.
    """
    home = folder / FOLDER
    try:
        home.mkdir(exist_ok=True)
        with _locked(home):
            old, warnings = _usable(folder)
            new = change(old)
            _write(home, new)
    except OSError as problem:
        raise ProgressError(
            f"Your progress could not be recorded in {home} ({problem.strerror}). What you were shown stands."
        ) from None
    return Updated(progress=new, warnings=warnings)


def _usable(folder: Path) -> tuple[Progress, tuple[str, ...]]:
    """The record to change. One that cannot be used is set aside under a name of its own first."""
    try:
        return load(folder), ()
    except ProgressError as problem:
        home = folder / FOLDER
        aside = _free_name(home)
        (home / FILE).replace(aside)
        return Progress(), (f"{problem} The old file was kept as {aside}.",)


def _write(home: Path, progress: Progress) -> None:
    """Write a new file in full, then put it in the old one's place: a reader sees the one or the other."""
    data = json.dumps(_as_object(progress), indent=2) + "\n"
    descriptor, name = tempfile.mkstemp(prefix=f"{FILE}.", suffix=".new", dir=home)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(home / FILE)
    except BaseException:  # also an interrupt: the old record stands, and no half-written file stays
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


@contextlib.contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Hold the folder's lock. Where the system has none (Windows), the last of two writers at once wins."""
    with (home / LOCK).open("ab") as file:
        try:
            import fcntl
        except ImportError:
            pass
        else:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX)
        yield


def _free_name(folder: Path) -> Path:
    number = 1
    while (aside := folder / f"{FILE}.set-aside-{number}").exists():
        number += 1
    return aside


class _Newer(ValueError):
    """The file's version is above VERSION."""


def _as_object(progress: Progress) -> dict[str, Any]:
    return {
        "version": VERSION,
        "exercises": {
            name: {
                "score": best.score,
                "max_score": best.max_score,
                "passed": best.passed,
                "attempts": best.attempts,
                "hints": best.hints,
            }
            for name, best in sorted(progress.best.items())
        },
    }


def _parse(data: bytes) -> Progress:
    if len(data) > SIZE_LIMIT_BYTES:
        raise ValueError(f"it is larger than {SIZE_LIMIT_BYTES} bytes")
    document = json.loads(data)
    version = document.get("version") if isinstance(document, dict) else None
    if type(version) is int and version > VERSION:
        raise _Newer(version)
    if type(version) is not int or version < 1 or not isinstance(document.get("exercises"), dict):
        raise ValueError("it is not a record of progress")
    return Progress(best={name: _parse_best(entry) for name, entry in document["exercises"].items()})


def _parse_best(entry: object) -> Best:
    wanted = {"score": (int, float), "max_score": (int, float), "passed": (bool,), "attempts": (int,), "hints": (int,)}
    if not isinstance(entry, dict) or set(entry) != set(wanted):
        raise ValueError("an entry has other keys than it should")
    for name, kinds in wanted.items():
        if type(entry[name]) not in kinds or (kinds != (bool,) and not 0 <= entry[name] < float("inf")):
            raise ValueError(f'an entry has a "{name}" that is none')
    return Best(**{**entry, "score": float(entry["score"]), "max_score": float(entry["max_score"])})
