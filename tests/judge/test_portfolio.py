"""The portfolio is fixed: the same schedules for everybody, run-to-block first."""

import pytest

from threadmarks.judge.portfolio import SEED_LISTS, Seeds, schedules
from threadmarks.runner import strategies


def test_the_portfolio_is_a_constant() -> None:
    """Changing it changes verdicts: the kit's version must change with it."""
    assert schedules(6, 40) == (
        "block",
        "random.p30.s1",
        "pct.d2.k80.s2",
        "random.s3",
        "pct.d3.k40.s4",
        "random.p30.s5",
    )


def test_more_schedules_begin_with_the_same_ones() -> None:
    """A check that tries more cannot lose a failure that it found."""
    assert schedules(100, 40)[:30] == schedules(30, 40)


def test_no_schedule_comes_twice() -> None:
    """It would be tried for nothing."""
    assert len(set(schedules(1000, 40))) == 1000


def test_the_engine_knows_every_schedule() -> None:
    """Both sides read the same words."""
    for spec in schedules(50, 40):
        strategies.parse(spec)


def test_a_program_without_preemption_points_has_a_portfolio_too() -> None:
    """PCT needs a length of at least one."""
    assert "k2" in schedules(3, 0)[2]


def test_no_schedule_at_all_is_refused() -> None:
    """Such a check would pass everything."""
    with pytest.raises(ValueError, match="at least one"):
        schedules(0, 40)


def test_seed_lists_share_no_schedule_but_the_first() -> None:
    """Twenty lists are twenty tries, not one."""
    lists = [set(schedules(500, 40, Seeds(number))[1:]) for number in range(20)]
    assert len(set().union(*lists)) == 20 * 499


def test_a_verdict_uses_list_zero() -> None:
    """What is left out is not drawn."""
    assert schedules(50, 40) == schedules(50, 40, Seeds(0))


@pytest.mark.parametrize("number", [-1, SEED_LISTS])
def test_a_seed_list_that_is_not_there_is_refused(number: int) -> None:
    """Its seeds might be longer than a token takes."""
    with pytest.raises(ValueError, match="no seed list"):
        Seeds(number)
