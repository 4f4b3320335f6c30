"""Putting a program of the corpus on trial: the judge's own exploration, with the pair's driver and expectation.

Used by the tests here, by `proofs/subjects.py` and by `benchmarks/detection.py`.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

from tests.subjects.pairs import FOLDER, Pair
from threadmarks import catalog
from threadmarks.judge.expect import expect
from threadmarks.judge.exploring import Exploring, Failed, Held
from threadmarks.judge.portfolio import VERDICT_SEEDS, Seeds
from threadmarks.judge.session import Session
from threadmarks.judge.trace import Trace
from threadmarks.sandbox.host import Host
from threadmarks.sandbox.saferead import Source

BUDGET = 300
"""Schedules of one exploration: what a check spends where a race may hide."""

_META = catalog.ExerciseFile(
    id="subject",
    title="A program of the corpus",
    summary="",
    difficulty=1,
    minutes=1,
    concepts=(),
    policy=catalog.Policy(reflection="allowed"),
)


class _AsExercise(catalog.Exercise):
    """A pair in the place of an exercise: its driver's file holds the scenarios, and no API is promised."""

    __slots__ = ()

    @property
    def scenarios(self) -> Path:
        return self.root / "drivers" / self.folder_name

    @property
    def stub(self) -> Path:
        return FOLDER / "no_api.py"


def session_of(pair: Pair, side: str, host: Host, seeds: Seeds = VERDICT_SEEDS) -> Session:
    """A session for one program of a pair. Close it."""
    exercise = _AsExercise(meta=_META, folder_name=pair.driver.name, root=FOLDER)
    return Session(exercise, Source(file=f"{side}/{pair.name}.py", text=pair.source(side)), host, seeds=seeds)


def expectation(pair: Pair) -> Callable[[Trace], None]:
    """The predicate on a trace: the driver noted what it notes when the program is right."""

    def as_it_should_be(trace: Trace) -> None:
        for name, wanted in pair.notes.items():
            seen = trace.note(name).value
            expect(seen == wanted, code=pair.kind.value, message=f"Not the right {name}.", seen=seen, wanted=wanted)

    return as_it_should_be


def explore(pair: Pair, side: str, host: Host, *, seeds: Seeds = VERDICT_SEEDS, budget: int = BUDGET) -> Held | Failed:
    """What an exploration with the default budget finds."""
    session = session_of(pair, side, host, seeds)
    try:
        exploring = Exploring(session=session, scenario=pair.name, predicate=expectation(pair), allow=())
        return asyncio.run(exploring.explore(budget))
    finally:
        session.close()
