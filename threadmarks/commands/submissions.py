"""Find the exercise and the file that a command is about.

A file that is not named is looked for where students keep theirs: in the working folder, in `exercises/`, or in the
exercise's own folder below that (in the kit's repository that one is the stub). Only finds; reading is `saferead`'s.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from threadmarks import catalog
from threadmarks.catalog import Exercise
from threadmarks.errors import SubmissionError

ID_IN_NAME = re.compile(r"(ex\d+)[^/\\]*\.py$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One file for one exercise. `name` is the path as the student would type it."""

    exercise: Exercise
    name: str


def find(word: str, file: str | None, program: str) -> Submission:
    """The submission that `grade WORD [FILE]` names. Raises UsageError, or SubmissionError if no file is there.

    `word` may also be the file itself (`grade work/ex02.py`): then its name says which exercise it is for.
    """
    named = ID_IN_NAME.search(word)
    if file is None and named and Path(word).exists():
        return Submission(exercise=catalog.resolve(named[1]), name=word)
    exercise = catalog.resolve(word)
    return Submission(exercise=exercise, name=file if file is not None else default_file(exercise, Path(), program))


def default_file(exercise: Exercise, folder: Path, program: str) -> str:
    """The student's file for `exercise` in or below `folder`. Raises SubmissionError, with the way to get one."""
    name = exercise.file_name
    places = [folder / name, folder / "exercises" / name, folder / "exercises" / exercise.folder_name / name]
    for place in places:
        if place.exists() or place.is_symlink():
            return str(place)
    looked = ", ".join(str(place) for place in places)
    raise SubmissionError(
        "no-file",
        f"There is no file for {exercise.id} here (looked for {looked}). "
        f"Name yours: {program} {exercise.id} FILE. Or begin with the stub: {program} show {exercise.id} --stub > {name}",
    )
