"""Every failing program of the corpus is caught with the default budget, and no repaired one is ever blamed."""

import ast
import functools
from collections.abc import Callable, Iterator

import pytest

from tests.subjects.pairs import BY_NAME, DRIVERS, FOLDER, PAIRS, Kind, Pair, Tier
from tests.subjects.trial import BUDGET, expectation, explore, session_of
from threadmarks.judge.exploring import Failed, Held, judge_one
from threadmarks.sandbox.host import Host

EVERY_PAIR = pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
README = (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """Zygotes for all trials."""
    with Host() as running:
        yield running


@pytest.fixture(scope="module")
def other_host() -> Iterator[Host]:
    """Other processes, which must see the same."""
    with Host(1) as running:
        yield running


@pytest.fixture(scope="module")
def caught(host) -> Callable[[str], Held | Failed]:
    """What the exploration of a failing program finds; made once."""
    return functools.cache(lambda name: explore(BY_NAME[name], "fails", host))


@EVERY_PAIR
def test_a_failing_program_is_caught_and_its_schedule_fails_again_elsewhere(pair: Pair, caught, other_host) -> None:
    """With the default budget and seeds, for the reason that the table names; a token is worth nothing otherwise."""
    outcome = caught(pair.name)
    assert isinstance(outcome, Failed), f"held in all of {outcome.tried} schedules"
    assert outcome.failure.finding.code in pair.codes
    session = session_of(pair, "fails", other_host)
    try:
        again = session.run_alone(pair.name, outcome.result.spec)
    finally:
        session.close()
    assert again.trace is not None
    assert outcome.result.trace is not None
    assert again.trace.record == outcome.result.trace.record
    failure = judge_one(again, expectation(pair), ())
    assert failure is not None
    assert failure.finding.code == outcome.failure.finding.code


@EVERY_PAIR
def test_its_repaired_twin_passes_the_same_budget(pair: Pair, host) -> None:
    """What blames a right program is worse than what misses a wrong one."""
    outcome = explore(pair, "holds", host)
    assert isinstance(outcome, Held), outcome.failure
    assert outcome.tried == BUDGET or outcome.explored.whole  # or fewer, when there are no more


def test_each_program_has_a_twin_a_driver_and_a_row() -> None:
    """A file that nothing runs proves nothing."""
    names = sorted(BY_NAME)
    assert len(names) == len(PAIRS)
    for side in ("fails", "holds"):
        assert sorted(path.stem for path in (FOLDER / side).glob("*.py")) == names
    drivers = [
        node.name
        for path in DRIVERS
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]
    assert sorted(drivers) == names


def test_the_corpus_covers_every_kind_and_both_tiers() -> None:
    """The kinds are what the kit says that it finds."""
    assert {pair.kind for pair in PAIRS} == set(Kind)
    assert {pair.tier for pair in PAIRS} == set(Tier)
    assert len(PAIRS) * 2 >= 40


@EVERY_PAIR
def test_a_pair_differs_in_its_program_alone(pair: Pair) -> None:
    """Same driver, same expectation; a twin that is the same text would say nothing."""
    assert ast.dump(ast.parse(pair.source("fails"))) != ast.dump(ast.parse(pair.source("holds")))


@EVERY_PAIR
def test_the_list_tells_every_pair_as_the_table_does(pair: Pair) -> None:
    """Read by people who choose an example."""
    assert f"| `{pair.name}` | {pair.tier.value} | {pair.idea} |" in README


FEWEST = {"flag_before_data": 2, "if_for_while": 2, "three_forks": 2, "event_cleared_late": 2}
"""Preemptions without which no schedule fails so; 1 for every other pair, and none at all for those that an order alone lets fail.
Known from a search of everything below (`proofs/fewest.py`)."""
ORDERS_ALONE = frozenset(
    {
        "await_between",
        "current_user",
        "forgotten_task",
        "members_change",
        "notify_one_of_mixed",
        "task_lock_order",
        "tickets_oversold",
    }
)


@EVERY_PAIR
def test_a_failure_is_shown_with_the_fewest_preemptions_there_are(pair: Pair, caught) -> None:
    """Each one more is a step of the story that explains nothing."""
    race = caught(pair.name).race
    if race is not None:
        assert race.preemptions == FEWEST.get(pair.name, int(pair.name not in ORDERS_ALONE))


TIER_NOT_SEEN = {
    "listener_skipped": "the interpreter polls before the loop takes its next element, where no point stands",
}
"""Where the engine names the other tier, and why: approximations that only what a report says rests on, no verdict."""


@EVERY_PAIR
def test_a_race_is_told_with_the_tier_that_the_interpreters_own_rules_give_it(pair: Pair, caught) -> None:
    """The table's tiers are reasoned from where CPython polls; the engine's come from a schedule that it shows."""
    race = caught(pair.name).race
    if race is not None:
        assert (race.tier.name == pair.tier.name) == (pair.name not in TIER_NOT_SEEN)
