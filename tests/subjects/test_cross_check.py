"""A second opinion: `interleave-test`, written by others on other principles, says the same of the same programs.

It interleaves bytecodes where this kit compiles its points in, and models the primitives where this kit runs the standard
library's own. Where both agree over a whole corpus, a fault would have to be shared. Runs on 3.12 and newer (the tool needs
`sys.monitoring`), where the `dev` extra brings it.
"""

import importlib.util
from typing import Any

import pytest

from tests.subjects import foreign
from tests.subjects.pairs import BY_NAME, PAIRS, Pair

SEARCHES = ("pct", "random")
"""Each misses something: `random` chooses anew at every instruction, and `pct` lowers a thread at few points of a long run."""
FAILING_BUDGET = 400
HOLDING_BUDGET = 25  # this tool takes tens of milliseconds a schedule; the kit's own proof goes further

NOT_UNDER_PCT = {
    "sentinel_overtakes": "it sleeps until the queue is empty: here a sleep returns at once, and PCT has the sleeper go on for ever",
}
RUNNABLE = [pair for pair in PAIRS if not foreign.why_not(pair)]

installed = pytest.mark.skipif(
    importlib.util.find_spec("interleave_test") is None,
    reason="interleave-test is not installed: it needs Python 3.12, and comes with the dev extra there",
)


def _search(pair: Pair, side: str, strategy: str, budget: int) -> Any:
    """Its result, with the program's own lines interleaved and nobody else's."""
    import interleave_test

    return interleave_test.explore(
        foreign.model(pair, side),
        iterations=budget,
        seed=1,
        strategy=strategy,
        include=[foreign.program_path(pair, side)],
        raise_on_failure=False,
    )


@installed
@pytest.mark.parametrize("pair", RUNNABLE, ids=lambda pair: pair.name)
def test_another_tool_finds_the_failing_program_wrong_too(pair: Pair) -> None:
    """By a wrong result, or by a deadlock where the table says so."""
    for strategy in SEARCHES:
        if strategy == "pct" and pair.name in NOT_UNDER_PCT:
            continue
        failure = _search(pair, "fails", strategy, FAILING_BUDGET).failure
        if failure is not None:
            break
    assert failure is not None, "held"
    if failure.kind == "deadlock":
        assert "deadlock" in pair.codes
    else:
        assert isinstance(failure.exception, foreign.Wrong), failure.traceback
        assert pair.codes != ("deadlock",)


@installed
@pytest.mark.parametrize("pair", RUNNABLE, ids=lambda pair: pair.name)
def test_another_tool_finds_nothing_wrong_with_the_repaired_program(pair: Pair) -> None:
    """A failure here would be a hole in our own search, or in the repair."""
    for strategy in SEARCHES:
        assert _search(pair, "holds", strategy, HOLDING_BUDGET).failure is None


def test_what_the_other_tool_cannot_run_is_named() -> None:
    """Everything with threads but these; asyncio's loop waits in a selector, which it does not control."""
    assert set(foreign.NOT_AS_MEANT) | set(NOT_UNDER_PCT) <= set(BY_NAME)
    assert len(RUNNABLE) >= 35


@pytest.mark.parametrize("side", ["fails", "holds"])
@pytest.mark.parametrize("name", ["counter_attribute", "two_accounts", "flag_before_data"])
def test_the_adapter_runs_a_program_as_it_is(name: str, side: str) -> None:
    """Without any tool and with threads that happen not to meet, both twins are right: the adapter adds no failure."""
    foreign.model(BY_NAME[name], side)()
