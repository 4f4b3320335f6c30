"""A failing schedule is told with as few preemptions as still fail, and the search for them is bounded and repeatable."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from threadmarks import wire
from threadmarks.judge.session import RunResult
from threadmarks.judge.shrinking import MOST_RUNS, Shrinking, Small, small
from threadmarks.judge.trace import Trace

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
        shrinking = Shrinking(self.run_all, lambda run: run.trace is not None and bool(run.trace.value), **options)
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
    assert len(program.runs) <= MOST_RUNS


def test_a_failure_that_needs_everything_is_left_as_it_is() -> None:
    """And the search ends all the same."""
    program = Program(needs(*LONG.split("_")))
    assert program.smallest(LONG).text == LONG
    assert len(program.runs) <= MOST_RUNS


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
    branches = [wire.Branch(0, moment, True, True, (1,)) for moment in range(30)]
    program = Program(lambda made: {"0-4-2", "3-b-2"} <= made or made == {"0-7-1"}, single=branches)
    assert program.smallest(LONG).choices == ("0-7-1",)


def test_a_preemption_that_this_python_makes_is_better_than_one_that_it_does_not() -> None:
    """Of schedules with as many."""
    program = Program(lambda made: bool({"0-4-2", "3-b-2"} & made), unpolled=frozenset({"0-4-2"}))
    assert program.smallest(LONG).choices == ("3-b-2",)


def test_where_only_this_pythons_preemptions_count_no_other_comes_out() -> None:
    """Though it would be shorter."""
    program = Program(lambda made: "0-4-2" in made or {"1-4-2", "3-b-2"} <= made, unpolled=frozenset({"0-4-2"}))
    begin = "_".join(choice for choice in LONG.split("_") if choice != "0-4-2")
    assert program.smallest(begin, polled_only=True).choices == ("1-4-2", "3-b-2")
