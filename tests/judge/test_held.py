"""Checks that stay collected judge each submission as a session of its own would."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.judge.conftest import RIGHT, Make
from threadmarks.catalog import Exercise
from threadmarks.errors import GraderFault
from threadmarks.judge import grade_source
from threadmarks.judge.pytest_session import HeldChecks
from threadmarks.model import Report, Verdict
from threadmarks.sandbox.host import Host
from threadmarks.sandbox.saferead import Source

WRONG = "def answer(x, *, twice=False):\n    return 41\n"
BROKEN = "def answer(x, *, twice=False:\n"
TWO = """
from pathlib import Path
from threadmarks.grading import Run, Explore, Trace, check, expect
with Path({log!r}).open("a") as log:
    log.write("collected ")

def same(trace: Trace) -> None:
    expect(trace.note("answer").value == 42, code="wrong-answer", message="That is not the answer.")

@check(points=12, title="Seen", concept="c", visibility="visible")
async def test_seen(run: Run) -> None:
    same(await run("call"))

@check(points=8, title="Hidden", concept="c")
async def test_hidden(explore: Explore) -> None:
    expect.note(code="by-the-way", message="A remark.")
    await explore("call", same, schedules=4)
"""
Graded = Callable[..., Report]


@pytest.fixture
def held() -> Iterator[HeldChecks]:
    """Checks that stay for one test."""
    with HeldChecks() as checks:
        yield checks


@pytest.fixture
def graded(host: Host, held: HeldChecks) -> Graded:
    """Grade by checks that stay."""

    def grade(exercise: Exercise, text: str, **more: object) -> Report:
        return grade_source(exercise, Source(file="ex90.py", text=text), host=host, held=held, **more)  # type: ignore[arg-type]

    return grade


def test_every_submission_gets_the_report_that_it_gets_alone(
    make: Make, graded: Graded, host: Host, tmp_path: Path
) -> None:
    """Whatever came before it: nothing of one is left for the next. The checks are collected once."""
    log = tmp_path / "log"
    exercise = make(checks=TWO.format(log=str(log)))
    texts = (RIGHT, WRONG, BROKEN, RIGHT, WRONG, BROKEN, RIGHT)
    reports = [graded(exercise, text) for text in texts]
    assert log.read_text() == "collected "
    alone = {text: grade_source(exercise, Source(file="ex90.py", text=text), host=host) for text in set(texts)}
    assert reports == [alone[text] for text in texts]
    assert {report.verdict for report in reports} == {Verdict.PASSED, Verdict.FAILED, Verdict.CRASHED}


def test_one_may_ask_for_visible_checks_and_the_next_for_all(make: Make, graded: Graded, tmp_path: Path) -> None:
    """Which checks run is each submission's own matter."""
    exercise = make(checks=TWO.format(log=str(tmp_path / "log")))
    asked = [graded(exercise, RIGHT, visible_only=only).checks for only in (True, False, True)]
    assert [[check.spec.name for check in checks] for checks in asked] == [["seen"], ["seen", "hidden"], ["seen"]]


def test_two_exercises_keep_their_checks_apart(make: Make, graded: Graded, tmp_path: Path) -> None:
    """By turns, as in a class that hands in several."""
    first = make(checks=TWO.format(log=str(tmp_path / "log")))
    folder = tmp_path / "other"
    folder.mkdir()
    from tests.judge.conftest import SCENARIOS, STUB, write_exercise

    one = TWO.format(log=str(tmp_path / "log")).partition("@check(points=8")[0]
    second = write_exercise(folder, stub=STUB, scenarios=SCENARIOS, checks=one)
    counts = [len(graded(exercise, RIGHT).checks) for exercise in (first, second, first, second)]
    assert counts == [2, 1, 2, 1]
    assert (tmp_path / "log").read_text() == "collected collected "


def test_checks_that_cannot_be_collected_are_the_graders_fault_each_time(make: Make, graded: Graded) -> None:
    """And no reason to wait for ever."""
    exercise = make(checks="import nothing_of_that_name\n")
    for _ in range(2):
        with pytest.raises(GraderFault, match="nothing_of_that_name"):
            graded(exercise, RIGHT)


def test_a_check_that_ends_pytest_costs_one_submission(make: Make, graded: Graded, tmp_path: Path) -> None:
    """The next gets a new session."""
    ends = """
@check(points=1, title="Ends", concept="c")
async def test_ends(run: Run) -> None:
    import pytest
    if (await run("call")).note("answer").value == 41:
        pytest.exit("no more")
"""
    exercise = make(checks=TWO.format(log=str(tmp_path / "log")) + ends)
    assert graded(exercise, RIGHT).verdict is Verdict.PASSED
    with pytest.raises(GraderFault, match="checks have no result"):
        graded(exercise, WRONG)
    assert graded(exercise, RIGHT).verdict is Verdict.PASSED
