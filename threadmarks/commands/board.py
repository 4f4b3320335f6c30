"""`grade` alone: the exercises, the best score of each, and what to do next."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from threadmarks import progress
from threadmarks.commands import console
from threadmarks.commands.exits import ExitCode

if TYPE_CHECKING:
    from threadmarks.catalog import Exercise

SCHEMA = "threadmarks/board/1"


def board(*, as_json: bool) -> ExitCode:
    """Print the board."""
    from threadmarks import catalog
    from threadmarks.report import json

    exercises = catalog.load()
    record = load_progress(Path())
    if as_json:
        console.answer(json.dumps(_as_object(exercises, record)))
    else:
        console.answer(_as_text(exercises, record))
    return ExitCode.PASSED


def load_progress(folder: Path) -> progress.Progress:
    """The record in `folder`; an unusable one is warned of and counts as empty."""
    try:
        return progress.load(folder)
    except progress.ProgressError as problem:
        console.warn(str(problem))
        return progress.Progress()


def next_exercise(exercises: "tuple[Exercise, ...]", record: progress.Progress) -> "Exercise | None":
    """The first exercise that is not passed; a bonus only when nothing else is left."""
    bonus_last = sorted(exercises, key=lambda exercise: exercise.meta.bonus)
    return next((exercise for exercise in bonus_last if not record.of(exercise.id).passed), None)


def state(best: progress.Best) -> str:
    """The record of one exercise in a word."""
    if best.passed:
        return "passed"
    return "started" if best.attempts else "not started"


def _next_command(exercise: "Exercise | None", record: progress.Progress, program: str) -> str:
    if exercise is None:
        return ""
    return f"{program} {'hint' if record.of(exercise.id).attempts else 'show'} {exercise.id}"


def _as_object(exercises: "tuple[Exercise, ...]", record: progress.Progress) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "exercises": [
            {
                "id": exercise.id,
                "title": exercise.title,
                "summary": exercise.meta.summary,
                "difficulty": exercise.meta.difficulty,
                "minutes": exercise.meta.minutes,
                "bonus": exercise.meta.bonus,
                "state": state(record.of(exercise.id)),
                "score": record.of(exercise.id).score,
                "max_score": record.of(exercise.id).max_score,
                "attempts": record.of(exercise.id).attempts,
                "hints": record.of(exercise.id).hints,
            }
            for exercise in exercises
        ],
        "next": _next_command(next_exercise(exercises, record), record, console.program()),
    }


def _as_text(exercises: "tuple[Exercise, ...]", record: progress.Progress) -> str:
    from threadmarks.explain.numbers import counted, points
    from threadmarks.report.layout import Page, Role

    page = Page(console.width(), console.paint())
    passed = sum(record.of(exercise.id).passed for exercise in exercises)
    page.paragraph(f"Threadmarks: {counted(len(exercises), 'exercise')}, {passed} passed", role=Role.HEADING)
    page.blank()
    for exercise in exercises:
        best = record.of(exercise.id)
        score = f"{points(best.score)}/{points(best.max_score)}" if best.attempts else "-"
        after = f"{' ' * (11 - len(state(best)))}  {score:>5}  level {exercise.meta.difficulty}  "
        role = Role.PASSED if best.passed else Role.QUIET
        title = f"{exercise.title} (bonus)" if exercise.meta.bonus else exercise.title
        page.row(f"  {exercise.id}  ", state(best), after, title, role=role)
    page.blank()
    following = next_exercise(exercises, record)
    if following is None:
        page.paragraph("All exercises passed.", role=Role.PASSED)
        return page.text()
    page.labelled(following.id, f"{following.meta.summary} (about {following.meta.minutes} minutes)")
    page.raw(f"{'Next':<11}{_next_command(following, record, console.program())}")
    page.raw(f"{'':<11}{console.program()} {following.id}")
    return page.text()
