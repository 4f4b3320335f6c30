"""Two tiers of race: what this Python can show, and what only the language leaves open. An exercise says which costs points."""

import pytest

from tests.judge.conftest import Grade, Make, only
from threadmarks.model import Report, Tier, Verdict

STUB = '''
class Counter:
    """Counts."""

    def increment(self):
        """One more."""
        raise NotImplementedError
'''

SCENARIOS = """
import threading

def three_threads(student, probe):
    counter = student.Counter()
    def work():
        for _ in range(2):
            counter.increment()
    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    probe.note("count", counter.count)
"""

CHECKS = """
from threadmarks.grading import Explore, Trace, check, expect

def _all_counted(trace: Trace) -> None:
    seen = trace.note("count")
    expect(seen.value == 6, code="lost-update", message="An increment was lost.", seen=seen.value, wanted=6)

@check(points=20, title="No increment is lost", concept="atomicity")
async def test_count(explore: Explore) -> None:
    await explore("three_threads", _all_counted, schedules=60)
"""

LOCKED = """
import threading
class Counter:
    def __init__(self):
        self.count, self.lock = 0, threading.Lock()
    def increment(self):
        with self.lock:
            self.count += 1
"""

BETWEEN_STEPS = """
class Counter:
    count = 0
    def increment(self):
        self.count += 1
"""
"""Nothing polls between the read and the write."""

BETWEEN_CALLS = """
class Counter:
    count = 0
    def increment(self):
        self.count = self.after(self.count)
    def after(self, count):
        return count + 1
"""
"""The interpreter may switch where `after` is entered."""


@pytest.fixture
def counted(make: Make, grade: Grade) -> Grade:
    """`counted(source, costs)`: a Counter's report."""

    def run(source: str, costs: str = "both", **options: object) -> Report:
        exercise = make(stub=STUB, scenarios=SCENARIOS, checks=CHECKS, toml=f'[races]\ncosts = "{costs}"\n')
        return grade(source, exercise, **options)

    return run


@pytest.mark.parametrize(
    ("source", "tier"), [(BETWEEN_STEPS, Tier.LANGUAGE), (BETWEEN_CALLS, Tier.INTERPRETER)], ids=["steps", "calls"]
)
def test_a_race_says_which_pythons_show_it(counted: Grade, source: str, tier: Tier) -> None:
    """Told from the schedule that is shown, with its single preemption."""
    check = only(counted(source))
    assert check.race is not None
    assert (check.verdict, check.race.tier, check.race.preemptions) == (Verdict.RACE, tier, 1)


def test_a_race_of_the_language_costs_points_unless_the_exercise_says_otherwise(counted: Grade) -> None:
    """Where it does not, the check passes, and the note names the race."""
    costly, free = only(counted(BETWEEN_STEPS)), only(counted(BETWEEN_STEPS, "interpreter"))
    assert (costly.verdict, costly.score) == (Verdict.RACE, 0)
    assert (free.verdict, free.score) == (Verdict.PASSED, 20)
    (note,) = free.findings
    assert (note.code, note.costs_points) == ("lost-update", False)
    assert note.message.startswith("An increment was lost. This Python happens not to show it;")


def test_a_race_of_this_python_always_costs_points(counted: Grade) -> None:
    """Whatever the exercise says of the others."""
    check = only(counted(BETWEEN_CALLS, "interpreter"))
    assert check.race is not None
    assert (check.verdict, check.score, check.race.tier) == (Verdict.RACE, 0, Tier.INTERPRETER)


@pytest.mark.parametrize("costs", ["both", "interpreter"])
def test_a_program_without_a_race_passes_without_a_note(counted: Grade, costs: str) -> None:
    """The accepting program."""
    check = only(counted(LOCKED, costs))
    assert (check.verdict, check.findings, check.race) == (Verdict.PASSED, (), None)
