"""Where a finding points: at the line that its check names, else at the one that the story blames, else at a definition."""

import pytest

from tests.judge.conftest import Grade, Make, only
from tests.judge.test_tiers import BETWEEN_CALLS, BETWEEN_STEPS, CHECKS, SCENARIOS, STUB
from threadmarks.model import Verdict

ABOUT = CHECKS.replace('concept="atomicity"', 'concept="atomicity", about="Counter.increment"')
NAMED = ABOUT.replace("seen=seen.value", "place=2, seen=seen.value")
NEVER = "class Counter:\n    count = 0\n    def increment(self):\n        pass\n"


@pytest.mark.parametrize(
    ("checks", "source", "verdict", "text"),
    [
        (ABOUT, BETWEEN_STEPS, Verdict.RACE, "self.count += 1"),
        (ABOUT, BETWEEN_CALLS, Verdict.RACE, "self.count = self.after(self.count)"),
        (ABOUT, NEVER, Verdict.FAILED, "def increment(self):"),
        (NAMED, BETWEEN_STEPS, Verdict.RACE, "class Counter:"),
    ],
    ids=["a race", "another", "no race", "named by the check"],
)
def test_a_race_points_at_the_line_that_is_to_blame(  # the columns
    make: Make, grade: Grade, checks: str, source: str, verdict: Verdict, text: str
) -> None:
    """The definition says only which call the check was about."""
    check = only(grade(source, make(stub=STUB, scenarios=SCENARIOS, checks=checks)))
    assert check.verdict is verdict
    place = check.findings[0].place
    assert place is not None
    assert place.text.strip() == text
