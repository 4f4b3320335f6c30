"""What students get: statements, stubs, hints, the visible checks, and a kit that holds nothing else.

No solution, no wrong solution, no hidden check: `visible` leaves them out, and a test looks through every byte and every compiled function for them.
"""

from collections.abc import Iterable

from threadmarks import content
from threadmarks.catalog import HIDDEN, Exercise, load
from threadmarks.release import visible, wheel

_README = """# Exercises

Install the kit once (Python 3.11 or newer), in this folder:

    pip install {wheel}

Then:

    grade                  the board: exercises, best scores, next step
    grade show ex02        a statement (it is also in exercises/)
    grade ex02             grade exercises/ex02_.../ex02.py
    grade hint ex02        one hint; again for the next

| Exercise | Checks here | Hidden until it is graded for marks |
| --- | ---: | ---: |
{rows}
"""


def files() -> dict[str, bytes]:
    """The release's files by path. Raises AuthoringError, UsageError."""
    exercises = load()
    graders = {exercise.id: visible.visible(exercise) for exercise in exercises}
    chosen = exercise_files(exercises)
    for exercise in exercises:
        seen = graders[exercise.id]
        chosen |= {f"graders/{exercise.folder_name}/{name}": text.encode() for name, text in seen.files.items()}
        told = f"checks = {seen.hidden}\npoints = {seen.hidden_points}\n"
        chosen[f"graders/{exercise.folder_name}/{HIDDEN}"] = told.encode()
    rows = "\n".join(_row(exercise, graders[exercise.id]) for exercise in exercises)
    readme = _README.format(wheel=wheel.NAME, rows=rows)
    own = {path: data for path, data in chosen.items() if path.startswith("exercises/")}
    return {wheel.NAME: wheel.wheel(chosen), "README.md": readme.encode(), **own}


def _row(exercise: Exercise, seen: visible.Visible) -> str:
    checks = visible.declared(exercise)
    shown = [check for check in checks if check.visible]
    return (
        f"| {exercise.id} {exercise.title} | {len(shown)} ({sum(check.points for check in shown)} points) "
        f"| {seen.hidden} ({seen.hidden_points} points) |"
    )


def exercise_files(exercises: Iterable[Exercise]) -> dict[str, bytes]:
    """The folder `exercises/`, of the catalogue's exercises and nothing else that may lie there."""
    root = content.root()
    found = {"exercises/catalog.toml": (root / "exercises" / "catalog.toml").read_bytes()}
    for exercise in exercises:
        for path in sorted(exercise.folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith("."):
                found[path.relative_to(root).as_posix()] = path.read_bytes()
    return found
