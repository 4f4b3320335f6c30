"""What each strategy promises beyond finding bugs: where it switches, and what it makes of recorded choices."""

import pytest

from tests.runner.playing import PROGRAMS
from threadmarks import wire
from threadmarks.runner import strategies
from threadmarks.runner.originals import allocate_lock
from threadmarks.runner.strategies.pos import PartialOrderSampling
from threadmarks.runner.strategies.replay import ORDER, PREEMPTION, decode_choices, encode_choices
from threadmarks.runner.threads import ControlledThread

SUBJECTS = (PROGRAMS / "subjects.py").read_text()


def schedules(play_all, scenario, family, count=100):
    """Light traces of many schedules of one strategy."""
    specs = [family.format(seed=seed) for seed in range(count)]
    rows = play_all(SUBJECTS, scenario, *specs, full=False)
    traces = [row for row in rows if isinstance(row, wire.ScheduleTrace)]
    assert len(traces) == count
    return traces


def test_sync_only_never_interrupts_a_program_without_locks(play_all):
    """So it cannot find what such a program loses; it is never the only strategy."""
    traces = schedules(play_all, "counter()", "sync.s{seed}")
    assert {(trace.value, trace.preempted) for trace in traces} == {(6, 0)}


@pytest.mark.parametrize("scenario", ["lock_order()", "lost_wakeup()"])
def test_sync_only_finds_what_goes_wrong_between_locks(play_all, scenario):
    """What it is for."""
    outcomes = {trace.outcome for trace in schedules(play_all, scenario, "sync.s{seed}", 200)}
    assert outcomes == {wire.Outcome.COMPLETED, wire.Outcome.DEADLOCK}


@pytest.mark.parametrize("inner", ["random.p30.s{seed}", "pos.s{seed}", "pct.d3.k40.s{seed}", "sync.s{seed}"])
@pytest.mark.parametrize("scenario", ["counter()", "pool()"])
def test_interpreter_only_makes_no_switch_that_this_python_would_not(play_all, scenario, inner):
    """What fails under it can fail here."""
    assert {trace.unpolled for trace in schedules(play_all, scenario, f"gil.{inner}")} == {0}


def test_other_strategies_do_make_such_switches(play_all):
    """Else the filter would filter nothing."""
    assert any(trace.unpolled for trace in schedules(play_all, "counter()", "pos.s{seed}"))


def test_any_part_of_a_schedule_can_be_followed(play_all):
    """Shrinking tries parts; none of them may count as a divergence."""
    for trace in schedules(play_all, "pool()", "random.p30.s{seed}", 5):
        choices = trace.choices.split("_")
        parts = [choices[:half] for half in range(len(choices))] + [choices[half:] for half in range(len(choices))]
        specs = [f"follow.{'_'.join(part)}" for part in parts]
        followed = [
            row for row in play_all(SUBJECTS, "pool()", *specs, full=False) if isinstance(row, wire.ScheduleTrace)
        ]
        assert {row.outcome for row in followed} == {wire.Outcome.COMPLETED}
        for part, row in zip(parts, followed, strict=True):  # what was an order may be a preemption now
            assert set(row.choices.replace(":", "-").split("_")) - {""} <= {choice.replace(":", "-") for choice in part}


def test_a_replay_of_the_wrong_kind_of_choice_has_diverged(play):
    """A preemption where the thread could not have gone on is another run's."""
    trace = play(SUBJECTS, "pool()", "random.p30.s1")
    kinds = trace.choices.translate(str.maketrans("-:", ":-"))
    swapped = "_".join(f"{part.replace(':', '-', 1)}" for part in kinds.split("_"))
    assert swapped != trace.choices
    assert play(SUBJECTS, "pool()", f"replay.{swapped}").outcome is wire.Outcome.DIVERGED


def test_choices_read_back_as_they_were_written():
    """Of any size, in both kinds."""
    choices = [
        (0, 1, PREEMPTION, 35),
        (36, 46_655, ORDER, 0),
        (3_999, 10**9, ORDER, 1),
    ]
    assert decode_choices(encode_choices(choices)) == choices


def thread(serial, touches=None):
    """A thread that stands at a point."""
    made = ControlledThread(serial, serial, allocate_lock())
    made.touches = touches
    return made


def test_pos_draws_anew_for_whoever_touches_the_same_and_for_nobody_else():
    """The paper's idea: only the order of conflicting steps is worth drawing again."""
    shared, other = object(), object()
    threads = [thread(0, shared), thread(1, shared), thread(2, other), thread(3)]
    strategy = PartialOrderSampling(seed=1)
    for each, priority in zip(threads, (0.9, 0.1, 0.2, 0.3), strict=True):
        each.priority = priority
    chosen = strategy.choose(threads, threads[1], threads[1], may_go_on=True)
    assert chosen is threads[0]
    assert [each.priority for each in threads[2:]] == [0.2, 0.3]
    assert {threads[0].priority, threads[1].priority}.isdisjoint({0.9, 0.1})


@pytest.mark.parametrize(
    "text", ["pos", "pos.1", "sync.s", "gil.block", "gil.replay.", "gil.gil.pos.s1", "tree.x", "follow.1-2"]
)
def test_what_names_no_strategy_is_refused(text):
    """A misspelt schedule must not silently be another one."""
    with pytest.raises(ValueError):  # noqa: PT011  # whatever the reason
        strategies.parse(text)
