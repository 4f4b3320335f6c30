"""Picks each owner's file for each exercise, and says of everything else why it was not picked.

A wrong name is no reason to fail a student: `ex02 (1).py`, `Ex02.PY`, `my_ex2_final.py` and, where one exercise is graded and a student
handed in one Python file, `main.py` are taken, with a remark. Two files that could both be meant are not chosen between unless one has the
exact name. Must not grade.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace

from threadmarks.batch.submission import Status, Submission
from threadmarks.catalog import Exercise
from threadmarks.errors import SubmissionError
from threadmarks.lms import nested
from threadmarks.lms.layout import Item, Kind, Owner, Reading
from threadmarks.lms.remarks import Remark

_NUMBER = re.compile(r"(?<![a-z])ex(?:ercise)?[ _-]?0*(\d+)(?!\d)")
_PACKED = (".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What was found in a delivery."""

    layout: str
    submissions: tuple[Submission, ...]  # by owner, exercise, attempt
    remarks: tuple[Remark, ...]  # on files that belong to no submission
    exercises: tuple[str, ...]  # those that are graded, in the catalogue's order


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """Everything of one owner in one attempt."""

    owner: Owner
    attempt: str
    items: tuple[Item, ...]
    remarks: tuple[Remark, ...]


def take_in(reading: Reading, exercises: tuple[Exercise, ...], wanted: tuple[str, ...]) -> Intake:
    """The submissions of a delivery for the exercises `wanted`; none named: for all that any file's name names."""
    works = _works(reading)
    known = {exercise.id: exercise for exercise in exercises}
    named = {id_ for work in works for item in work.items if (id_ := exercise_of(item.file, exercises)) in known}
    graded = tuple(id_ for id_ in known if id_ in (wanted or named))
    submissions: list[Submission] = []
    remarks = list(reading.remarks)
    for work in works:
        picked, rest = _pick(work, graded, exercises)
        submissions += picked
        remarks += rest
    empty = {owner.key: owner for owner in reading.owners}
    for key in {submission.owner.key for submission in submissions}:
        empty.pop(key, None)
    submissions += [
        Submission(owner=owner, exercise=id_, status=Status.MISSING) for owner in empty.values() for id_ in graded
    ]
    return Intake(
        layout=reading.layout,
        submissions=tuple(_numbered(submissions)),
        remarks=tuple(sorted(remarks)),
        exercises=graded,
    )


def _works(reading: Reading) -> list[_Work]:
    """The items by owner and attempt, with zips that students packed opened."""
    grouped: dict[tuple[str, str], list[Item]] = {}
    owners: dict[str, Owner] = {}
    for item in reading.items:
        owners.setdefault(item.owner.key, item.owner)
        grouped.setdefault((item.owner.key, item.attempt if item.kind is not Kind.METADATA else ""), []).append(item)
    works = []
    for (key, attempt), items in sorted(grouped.items()):
        remarks: list[Remark] = []
        opened: list[Item] = []
        for item in items:
            if item.kind is Kind.FILE and item.file.lower().endswith(".zip"):
                inner, said = nested.opened(item)
                opened += inner
                remarks += said
            else:
                opened.append(item)
        works.append(_Work(owner=owners[key], attempt=attempt, items=tuple(opened), remarks=tuple(remarks)))
    return works


def exercise_of(file: str, exercises: Iterable[Exercise]) -> str:
    """The id of the exercise that a file's name, or else its folder's, names; "" when none does.

    An id that is in no catalogue is given as it stands.
    """
    for part in reversed(file.split("/")):
        text = unicodedata.normalize("NFKC", part).casefold()
        numbers = {int(number) for number in _NUMBER.findall(text)}
        if len(numbers) == 1:
            number = numbers.pop()
            return next((each.id for each in exercises if int(each.id[2:]) == number), f"ex{number:02}")
        for exercise in exercises:
            if text.rpartition(".")[0] in (exercise.slug, exercise.folder_name):
                return exercise.id
    return ""


def _pick(
    work: _Work, graded: tuple[str, ...], exercises: tuple[Exercise, ...]
) -> tuple[list[Submission], list[Remark]]:
    """One owner's submissions, and the remarks on what is in none of them."""
    python, rest, refused = _sorted(work)
    if not (python or refused):
        return [], rest
    submissions = []
    taken: set[str] = set()
    for id_ in graded:
        candidates = [item for item in python if exercise_of(item.file, exercises) == id_]
        if not candidates and len(graded) == 1:
            candidates = [item for item in python if not exercise_of(item.file, exercises)]
        submission, used = _submission(work, id_, candidates, refused)
        submissions.append(submission)
        taken |= used
    left = [item for item in python if item.entry.path not in taken]
    rest += [_left(item, exercise_of(item.file, exercises), graded) for item in left]
    if not graded:
        rest += refused
    return submissions, rest


def _sorted(work: _Work) -> tuple[list[Item], list[Remark], list[Remark]]:
    """The Python files, remarks on what nobody handed in, and remarks on what was handed in and cannot be graded."""
    python: list[Item] = []
    own: list[Remark] = []
    refused: list[Remark] = list(work.remarks)
    for item in work.items:
        if item.kind is Kind.METADATA:
            own.append(_remark(item, "metadata", "is the system's own"))
        elif item.kind is Kind.TEXT:
            refused.append(_remark(item, "typed-text", "was typed into the system's form; only files are graded"))
        elif item.file.lower().endswith(".py"):
            python.append(item)
        else:
            refused.append(_other_kind(item))
    return python, own, refused


def _submission(work: _Work, id_: str, candidates: list[Item], refused: list[Remark]) -> tuple[Submission, set[str]]:
    """The submission for one exercise, and the paths that it speaks of."""
    base = Submission(owner=work.owner, exercise=id_, attempt=work.attempt)
    paths = {item.entry.path for item in candidates}
    first = next((item for item in work.items if item.kind is Kind.FILE), None)
    if first is not None:
        base = replace(base, submitted=first.submitted, late=any(item.late for item in work.items))
    if not candidates:
        status = Status.NOT_GRADABLE if refused else Status.MISSING
        return replace(base, status=status, remarks=tuple(sorted(refused))), paths
    chosen, remarks = _chosen(candidates, f"{id_}.py")
    remarks += refused
    if chosen is None:
        return replace(base, status=Status.NOT_GRADABLE, remarks=tuple(sorted(remarks))), paths
    late = any(item.late for item in candidates)
    return replace(
        base,
        path=chosen.entry.path,
        load=chosen.entry.load,
        submitted=chosen.submitted,
        late=late,
        remarks=tuple(sorted(remarks)),
    ), paths


def _chosen(candidates: list[Item], exact: str) -> tuple[Item | None, list[Remark]]:
    """The file to grade, and what is to be said of the choice. None when nobody but the student can know."""
    named = [item for item in candidates if item.file.rpartition("/")[2] == exact]
    if len(candidates) == 1:
        only = candidates[0]
        return only, [] if named else [_remark(only, "wrong-name", f"was taken for {exact}")]
    best = named or candidates
    if len(best) == 1 or _all_the_same(best):
        others = [item for item in candidates if item is not best[0]]
        return best[0], [
            _remark(item, "further-file", f"was left, for {best[0].entry.path} was graded") for item in others
        ]
    return None, [
        _remark(item, "which-file", f"could be meant for {exact}, like others; none was graded") for item in best
    ]


def _all_the_same(items: list[Item]) -> bool:
    try:
        return len({item.entry.load() for item in items}) == 1
    except SubmissionError:
        return False


def _other_kind(item: Item) -> Remark:
    name = item.file.lower()
    if name.endswith(".ipynb"):
        return _remark(
            item,
            "notebook",
            "is a notebook; its code is wanted as a .py file (File, Save and Export as, Executable script)",
        )
    if name.endswith(_PACKED):
        return _remark(item, "packed", "is an archive that is not opened; hand in the .py file itself, or a zip")
    return _remark(item, "not-python", "is no Python file")


def _left(item: Item, named: str, graded: tuple[str, ...]) -> Remark:
    if named and named not in graded:
        return _remark(item, "other-exercise", f"is for {named}, which is not graded here")
    if len(graded) == 1 or named:
        return _remark(item, "not-needed", "was not looked at: an exercise is one file")
    return _remark(item, "no-exercise", "names no exercise; rename it, or grade one exercise with --exercise")


def _remark(item: Item, code: str, text: str) -> Remark:
    return Remark(path=item.entry.path, code=code, text=text)


def _numbered(submissions: list[Submission]) -> Iterable[Submission]:
    """In order, each owner's attempts for an exercise counted. Where some attempts hold a file, a missing one is no attempt."""
    grouped: dict[tuple[str, str], list[Submission]] = {}
    for submission in sorted(submissions, key=lambda each: each.place):
        grouped.setdefault(submission.place[:2], []).append(submission)
    for attempts in grouped.values():
        real = [each for each in attempts if each.status is not Status.MISSING] or attempts[:1]
        for number, each in enumerate(real, 1):
            yield replace(each, number=number, attempts=len(real))
