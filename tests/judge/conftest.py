"""Small exercises written for one test, graded by the real engine."""

from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from threadmarks import catalog
from threadmarks.catalog import Exercise
from threadmarks.judge import grade_source
from threadmarks.model import CheckResult, Report
from threadmarks.sandbox.host import Host
from threadmarks.sandbox.saferead import Source

STUB = '''
"""The stub."""

def answer(x, *, twice=False):
    """Give the answer."""
    raise NotImplementedError
'''

SCENARIOS = """
def call(student, probe):
    probe.note("answer", student.answer(20))
"""

CHECKS = """
from threadmarks.grading import Run, check, expect

@check(points=20, title="It gives the answer", concept="answers")
async def test_answer(run: Run) -> None:
    trace = await run("call")
    seen = trace.note("answer")
    expect(seen.value == 42, code="wrong-answer", message="That is not the answer.", seen=seen.value, wanted=42, place=seen)
"""

RIGHT = "def answer(x, *, twice=False):\n    return 42\n"

Make = Callable[..., Exercise]
Grade = Callable[..., Report]


def write_exercise(root: Path, *, stub: str, scenarios: str, checks: str, toml: str = "") -> Exercise:
    """One exercise, "ex90", with its files. It has no source policy unless `toml` gives one."""
    folder = root / "exercises" / "ex90_mini"
    graders = root / "graders" / "ex90_mini"
    folder.mkdir(parents=True, exist_ok=True)
    graders.mkdir(parents=True, exist_ok=True)
    (root / "exercises" / "catalog.toml").write_text('order = ["ex90_mini"]\n')
    meta = 'id = "ex90"\ntitle = "Mini"\nsummary = "For tests"\ndifficulty = 1\nminutes = 1\nconcepts = ["tests"]\n'
    policy = "" if "[policy]" in toml else '[policy]\nreflection = "allowed"\n'
    (folder / "exercise.toml").write_text(meta + toml + policy)
    (folder / "ex90.py").write_text(dedent(stub))
    (graders / "scenarios.py").write_text(dedent(scenarios))
    (graders / "test_mini.py").write_text(dedent(checks))
    return catalog.load(root)[0]


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    """Zygotes with the real engine, for all tests."""
    with Host() as running:
        yield running


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """`make(stub=..., scenarios=..., checks=...)`: an exercise; what is left out is the one above."""

    def exercise(stub: str = STUB, scenarios: str = SCENARIOS, checks: str = CHECKS, toml: str = "") -> Exercise:
        return write_exercise(tmp_path, stub=stub, scenarios=scenarios, checks=checks, toml=toml)

    return exercise


@pytest.fixture
def grade(make: Make, host: Host) -> Grade:
    """`grade(source, exercise=None, **options)`: the report."""

    def run(source: str, exercise: Exercise | None = None, **options: object) -> Report:
        submission = Source(file="ex90.py", text=dedent(source))
        return grade_source(exercise or make(), submission, host=host, **options)  # type: ignore[arg-type]

    return run


def only(report: Report) -> CheckResult:
    """The single check of a report."""
    (check,) = report.checks
    return check
