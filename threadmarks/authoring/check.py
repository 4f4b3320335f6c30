"""The content check: every promise of every exercise, proved by grading.

Stub, reference, alternatives and wrong solutions are graded like any submission, by the same judge, which keeps its zygotes and the
checks that it has collected. With more than one job the files are dealt out to processes of their own, each with one zygote.
"""

import functools
import multiprocessing
import multiprocessing.util
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from pathlib import Path

from threadmarks import catalog, content
from threadmarks.authoring.files import files, orphans
from threadmarks.authoring.proofs import Task, prove, tasks
from threadmarks.authoring.rows import Row
from threadmarks.judge.pytest_session import HeldChecks
from threadmarks.sandbox.host import Host


def check_content(
    ids: Sequence[str] = (),
    *,
    jobs: int = 1,
    brief: bool = False,
    root: Path | None = None,
    tell: Callable[[Row], None] | None = None,
) -> tuple[Row, ...]:
    """The rows for the exercises `ids` (ids or folder names; none: all), in the catalogue's order.

    `brief`: only the checks that a wrong solution must fail try all of their schedules. `tell` is called with each row as soon as it is
    known, in any order. Raises UsageError for an unknown id and
    AuthoringError when the catalogue itself cannot be read.
    """
    base = content.root() if root is None else root
    exercises = catalog.load(base)
    chosen = [catalog.resolve(word, exercises) for word in ids] or list(exercises)
    rows: list[Row] = [orphans(base, exercises)]
    work: list[Task] = []
    for exercise in chosen:
        row = files(exercise)
        rows.append(row)
        work += [task for task in tasks(exercise) if task.path.is_file()]
    for row in rows:
        if tell:
            tell(row)
    for row in _proved(work, jobs, brief=brief):
        rows.append(row)
        if tell:
            tell(row)
    places = {(task.exercise.id, task.what): number for number, task in enumerate(work)}
    order = [exercise.id for exercise in chosen]
    return tuple(
        sorted(
            rows,
            key=lambda row: (
                order.index(row.exercise) if row.exercise else -1,
                places.get((row.exercise, row.what), -1),
            ),
        )
    )


def _proved(work: list[Task], jobs: int, *, brief: bool) -> Iterator[Row]:
    """Rows in any order."""
    if jobs <= 1:
        with Host() as host, HeldChecks() as held:
            for task in work:
                yield prove(task, host, held, brief=brief)
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        for done in as_completed([pool.submit(prove_in_a_job, task, brief) for task in work]):
            yield done.result()


def prove_in_a_job(task: Task, brief: bool) -> Row:
    """What a job does, in a process of its own."""
    return prove(task, *_kept_by_this_job(), brief=brief)


@functools.cache
def _kept_by_this_job() -> tuple[Host, HeldChecks]:
    """For all files of this process: made with the first, ended with the process."""
    kept = ExitStack()
    multiprocessing.util.Finalize(None, kept.close, exitpriority=1)
    return kept.enter_context(Host(1)), kept.enter_context(HeldChecks())
