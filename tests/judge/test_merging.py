"""Other schedules in place of a failing one: read from what its beginnings answered, each with a preemption less to hope for."""

import pytest

from threadmarks import wire
from threadmarks.judge.enumerating import MOST_BRANCHES
from threadmarks.judge.merging import beginnings, choice_of, neighbours
from threadmarks.judge.session import RunResult
from threadmarks.judge.trace import Trace
from threadmarks.wire import Branch


def answer(spec: str, *branches: Branch) -> RunResult:
    """What a beginning of a schedule told: the default choices after it."""
    record = wire.ScheduleTrace(
        spec=spec,
        outcome=wire.Outcome.COMPLETED,
        virtual_ns=0,
        threads=(),
        events=(),
        dropped_events=0,
        choices=spec.partition(".")[2],
        points=100,
        waits=(),
        error=None,
        value=None,
        digest="0",
        branches=branches,
    )
    return RunResult(scenario="s", spec=spec, trace=Trace(record, ""), failure=None)


def point(thread: int, moment: int, *others: int) -> Branch:
    """Where a thread could have been preempted."""
    return Branch(thread, moment, True, True, others)


def block(thread: int, moment: int, *others: int) -> Branch:
    """Where a thread could not go on, and others could have followed than the one that did."""
    return Branch(thread, moment, False, True, others)


CHOICES = ("1-2-2", "2-5-1")
"""Thread 1 is preempted for thread 2, and that for thread 1."""
ANSWERS = [
    answer("tree.", point(1, 1, 2), point(1, 2, 2), point(1, 3, 2), block(1, 4, 3), block(2, 9, 3)),
    answer(
        "tree.1-2-2", point(2, 4, 1), point(2, 5, 1), block(2, 9, 3), point(1, 3, 3), block(1, 4, 3), block(3, 1, 1)
    ),
    answer("tree.1-2-2_2-5-1", point(1, 3, 2), block(1, 4, 3), block(2, 9, 3), point(3, 1, 0)),
]


def test_each_beginning_of_a_schedule_is_asked() -> None:
    """The default after any of them is a way that the schedule could have gone."""
    assert beginnings(CHOICES) == [each.spec for each in ANSWERS]
    assert beginnings(()) == ["tree."]


def test_two_stretches_of_a_thread_are_put_together_early_and_late() -> None:
    """Both with a preemption less."""
    near = neighbours(CHOICES, ANSWERS)
    assert ("1-4:2", "2-9:3") in near  # thread 1 until it blocks, then thread 2 until it does
    assert ("2-5-1", "1-4:2", "2-9:3") in near


def test_each_choice_is_left_out_by_itself() -> None:
    """Among others there may be one that was needed before, and is no more."""
    assert {("1-2-2",), ("2-5-1",)} <= set(neighbours(CHOICES, ANSWERS))


def test_a_preemption_is_put_off_to_where_its_thread_cannot_go_on() -> None:
    """An order costs less than a preemption. Only where the same thread can be let in."""
    near = neighbours(("1-2-3",), [ANSWERS[0], answer("tree.1-2-3", point(3, 1, 1))])
    assert ("1-4:3",) in near
    assert ("2-9:3",) in near


def test_an_order_before_lets_the_thread_in_as_well() -> None:
    """It then has run when the preemption would have come."""
    near = neighbours(("2-5-3",), [answer("tree.", block(0, 7, 3), point(2, 5, 3)), answer("tree.2-5-3")])
    assert ("0-7:3",) in near


def test_which_waiter_was_woken_stays_as_it_was() -> None:
    """The thread that woke it goes on, so it ends no stretch."""
    choices = ("1-2:3", "1-3-2", "2-5-1")
    told = [
        answer("tree.", block(1, 2, 3), point(1, 3, 2)),
        answer("tree.1-2:3", point(1, 3, 2)),
        answer("tree.1-2:3_1-3-2", point(2, 5, 1)),
        answer("tree.1-2:3_1-3-2_2-5-1", block(1, 9, 3), block(2, 9, 3)),
    ]
    merged = [each for each in neighbours(choices, told) if each[-1] == "1-2:3"]
    assert ("1-9:2", "1-2:3") in merged


def test_nothing_is_made_of_answers_that_are_incomplete() -> None:
    """A run that ended its process, and one with more branches than are told."""
    assert neighbours(CHOICES, ANSWERS[:2]) == []
    flood = answer(ANSWERS[2].spec, *[point(1, moment, 2) for moment in range(MOST_BRANCHES)])
    assert neighbours(CHOICES, [*ANSWERS[:2], flood]) == []


@pytest.mark.parametrize("text", ["1-2-3", "a-10:z", "0-0:1"])
def test_a_choice_is_read_as_it_is_written(text: str) -> None:
    """In base 36, both kinds."""
    assert choice_of(text).text == text
