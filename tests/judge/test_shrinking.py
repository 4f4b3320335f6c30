"""A failing schedule is told with as few preemptions as still fail, and the search for them is bounded and repeatable."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from tests.subjects.pairs import BY_NAME
from tests.subjects.trial import expectation, session_of
from threadmarks import wire
from threadmarks.judge import portfolio
from threadmarks.judge.enumerating import Found, enumerate_schedules
from threadmarks.judge.exploring import judge_one
from threadmarks.judge.failure import Failure
from threadmarks.judge.session import RunResult
from threadmarks.judge.shrinking import MOST_MERGED, MOST_RUNS, MOST_SEARCHED, MOST_SINGLES, Shrinking, Small, small
from threadmarks.judge.trace import Trace
from threadmarks.model import Finding, Verdict
from threadmarks.sandbox.host import Host

FAILED = Failure(finding=Finding(code="bug", message="It fails."), verdict=Verdict.FAILED)
MOST = MOST_RUNS + MOST_SINGLES + MOST_MERGED + MOST_SEARCHED
Bug = Callable[[frozenset[str]], bool]
"""Whether a made-up program fails when exactly these choices are made."""


class Program:
    """A made-up program: whatever choices a schedule names are made."""

    def __init__(self, bug: Bug, *, unpolled: frozenset[str] = frozenset(), single: Sequence[wire.Branch] = ()) -> None:
        self.bug = bug
        self.unpolled = unpolled
        self.single = tuple(single)
        self.runs: list[str] = []

    async def run_all(self, specs: Sequence[str]) -> list[RunResult]:
        """Run them."""
        self.runs += specs
        return [self.run(spec) for spec in specs]

    def run(self, spec: str) -> RunResult:
        """One run; its value says whether it failed."""
        name, _, text = spec.partition(".")
        choices = frozenset(text.split("_")) if text else frozenset[str]()
        record = wire.ScheduleTrace(
            spec=spec,
            outcome=wire.Outcome.COMPLETED,
            virtual_ns=0,
            threads=(),
            events=(),
            dropped_events=0,
            choices=text,
            points=100,
            waits=(),
            error=None,
            value=self.bug(choices),
            digest="0",
            preempted=sum(":" not in choice for choice in choices),
            unpolled=len(choices & self.unpolled),
            branches=self.single if name == "tree" else (),
        )
        return RunResult(scenario="s", spec=spec, trace=Trace(record, f"tm2.ex90.s.{spec}"), failure=None)

    def smallest(self, begin: str, **options: bool) -> Small:
        """Shrink a failing schedule."""

        def fails(run: RunResult) -> Failure | None:
            return FAILED if run.trace is not None and run.trace.value else None

        shrinking = Shrinking(self.run_all, fails, **options)
        return asyncio.run(shrinking.smallest(small(self.run(f"follow.{begin}"))))


LONG = "_".join(
    f"{thread}-{moment:x}{'-' if (thread + moment) % 3 else ':'}2" for moment in range(12) for thread in (0, 1, 3)
)
"""36 choices, a third of them orders."""


def needs(*choices: str) -> Bug:
    """A program that fails when all of these are made."""
    return lambda made: set(choices) <= made


@pytest.mark.parametrize(
    "wanted",
    [("0-4-2",), ("0-4-2", "3-b-2"), ("0-1-2", "1-4-2", "3-b-2"), ("0-0:2",), ("0-0:2", "3-b-2")],
    ids=["one", "two", "three", "an order", "an order and one"],
)
def test_what_a_failure_does_not_need_is_left_out(wanted: tuple[str, ...]) -> None:
    """Preemptions and orders alike."""
    assert set(wanted) <= set(LONG.split("_"))
    program = Program(needs(*wanted))
    assert program.smallest(LONG).choices == wanted
    assert len(program.runs) <= MOST


def test_a_failure_that_needs_everything_is_left_as_it_is() -> None:
    """And the search ends all the same."""
    program = Program(needs(*LONG.split("_")))
    assert program.smallest(LONG).text == LONG
    assert len(program.runs) <= MOST


def test_no_schedule_is_tried_twice() -> None:
    """The budget is small."""
    program = Program(needs("0-4-2", "3-b-2"))
    program.smallest(LONG)
    assert len(program.runs) == len(set(program.runs))


def test_shrinking_takes_the_same_way_each_time() -> None:
    """What is shown is a function of the file."""
    first, second = (Program(needs("0-4-2", "1-4-2")) for _ in range(2))
    assert first.smallest(LONG) == second.smallest(LONG)
    assert first.runs == second.runs


def test_one_preemption_elsewhere_is_better_than_two() -> None:
    """Each place where the default schedule could be interrupted is tried."""
    branches = [wire.Branch(0, moment, True, True, (1,)) for moment in range(250)]
    program = Program(lambda made: {"0-4-2", "3-b-2"} <= made or made == {"0-7-1"}, single=branches)
    assert program.smallest(LONG).choices == ("0-7-1",)


def test_a_preemption_that_this_python_makes_is_better_than_one_that_it_does_not() -> None:
    """Of schedules with as many."""
    program = Program(lambda made: bool({"0-4-2", "3-b-2"} & made), unpolled=frozenset({"0-4-2"}))
    assert program.smallest(LONG).choices == ("3-b-2",)


def test_a_preemption_is_moved_to_where_this_python_makes_it() -> None:
    """It then shows the same failure, and on this Python."""
    program = Program(lambda made: bool({"0-4-2", "0-6-2"} & made), unpolled=frozenset({"0-4-2"}))
    assert program.smallest("0-4-2").choices == ("0-6-2",)


def test_where_only_this_pythons_preemptions_count_no_other_comes_out() -> None:
    """Though it would be shorter."""
    program = Program(lambda made: "0-4-2" in made or {"1-4-2", "3-b-2"} <= made, unpolled=frozenset({"0-4-2"}))
    begin = "_".join(choice for choice in LONG.split("_") if choice != "0-4-2")
    assert program.smallest(begin, polled_only=True).choices == ("1-4-2", "3-b-2")


# ---- real programs, against a search of everything


class Trial:
    """A racy program of the corpus, under the judge's own session."""

    def __init__(self, name: str, host: Host) -> None:
        self.name = name
        self.session = session_of(BY_NAME[name], "fails", host)
        self._predicate = expectation(BY_NAME[name])

    async def run_all(self, specs: Sequence[str]) -> list[RunResult]:
        """Run schedules, fifty in a process."""
        parts = [specs[start : start + 50] for start in range(0, len(specs), 50)]
        return [run for part in parts for run in self.session.run_many(self.name, part, full=False)]

    def fails(self, run: RunResult) -> Failure | None:
        """Whether it is not as the table of the pairs has it."""
        failure = judge_one(run, self._predicate, ())
        return failure if failure is not None and failure.finding.code in BY_NAME[self.name].codes else None

    async def drawn(self, most: int) -> list[Small]:
        """Failing schedules as an exploration draws them: with much that they do not need."""
        runs = await self.run_all(portfolio.drawn(100, 60))
        failing = [small(run) for run in runs if run.trace is not None and self.fails(run)]
        return [each for each in failing if len(each.preemptions) > 1][:most]

    async def least(self) -> int:
        """The fewest preemptions with which any schedule fails: all with none are tried, all with one, all with two."""

        async def attempt(specs: Sequence[str]) -> tuple[list[RunResult], Found | None]:
            runs = await self.run_all(specs)
            failing = [(index, run, found) for index, run in enumerate(runs) if (found := self.fails(run))]
            return runs, failing[0] if failing else None

        searched = await enumerate_schedules(2_000, attempt)
        assert searched.found is not None
        return len(small(searched.found[1]).preemptions)


async def both(trial: Trial) -> tuple[int, list[int]]:
    """The fewest preemptions there are, and how many are left of drawn schedules."""
    drawn = await trial.drawn(most=3)
    left = [len((await Shrinking(trial.run_all, trial.fails).smallest(each)).preemptions) for each in drawn]
    return await trial.least(), left


@pytest.mark.parametrize(
    ("name", "fewest"),
    [
        ("counter_attribute", 1),
        ("counter_list_item", 1),
        ("counter_dict_value", 1),
        ("half_built_table", 1),
        ("first_answer_wins", 1),
        ("two_accounts", 1),
        ("upgrade_read_lock", 1),
        ("permit_returned_twice", 1),
        ("flag_before_data", 2),
    ],
)
def test_no_schedule_of_a_small_program_fails_with_fewer_preemptions(name: str, fewest: int, host: Host) -> None:
    """Of real programs, under the real engine: whichever failing schedule was drawn."""
    trial = Trial(name, host)
    try:
        least, left = asyncio.run(both(trial))
    finally:
        trial.session.close()
    assert least == fewest
    assert left
    assert set(left) == {least}
