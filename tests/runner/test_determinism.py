"""The same token gives the same trace, byte for byte, in any process; a schedule's own choices replay it."""

import json

import msgspec
import pytest

from tests.runner.playing import PROGRAMS, request_for
from threadmarks import wire
from threadmarks.runner import emit
from threadmarks.sandbox.host import Host

SUBJECTS = (PROGRAMS / "subjects.py").read_text()
SCENARIOS = ["pool()", "lost_wakeup()", "counter()", "lock_order()", "objects_in_sets()", "random_numbers()", "tasks()"]
SPECS = [
    "block",
    "random.s1",
    "random.s2",
    "pct.d2.k150.s1",
    "pct.d3.k150.s2",
    "pos.s1",
    "sync.s2",
    "gil.random.p30.s3",
]


@pytest.fixture(scope="module")
def other_host():
    """A second zygote: another process with other addresses, unless these are fixed."""
    with Host(1) as running:
        yield running


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_two_processes_give_the_same_bytes(host, other_host, scenario, spec):
    """A verdict must not depend on which process gave it."""
    request = request_for(SUBJECTS, scenario, spec)
    assert host.run(request).wire == other_host.run(request).wire


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_recorded_choices_replay_the_schedule(play, scenario, spec):
    """A token of choices stands for the schedule that a seed made."""
    original = play(SUBJECTS, scenario, spec)
    again = play(SUBJECTS, scenario, f"replay.{original.choices}" if original.choices else "block")
    assert again.digest == original.digest
    assert again.events == original.events


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_schedule_is_the_same_alone_and_after_others(play, play_all, scenario):
    """Many schedules share a process; none may see what an earlier one left behind."""
    specs = [f"random.s{seed}" for seed in range(8)] + [f"pct.d3.k150.s{seed}" for seed in range(8)]
    traces = [row for row in play_all(SUBJECTS, scenario, *specs, full=False) if isinstance(row, wire.ScheduleTrace)]
    assert [trace.spec for trace in traces] == specs
    for trace in (traces[3], traces[-1]):
        assert play(SUBJECTS, scenario, trace.spec).digest == trace.digest


@pytest.mark.parametrize("seed", range(8))
def test_a_pool_is_joined_in_the_same_order_with_and_without_a_full_record(play, seed):
    """The executor's own set of threads goes by addresses, and a record of everything moves those."""
    source = """
import asyncio
def look(n):
    return [n].index(n)
def go():
    async def main():
        await asyncio.gather(*(asyncio.to_thread(look, n) for n in range(5)))
    asyncio.run(main())
"""
    full, light = (play(source, "go()", f"random.p30.s{seed}", full=mode) for mode in (True, False))
    assert light.choices == full.choices
    assert light.digest == full.digest


def test_a_replay_that_does_not_fit_says_so(play):
    """A token of another file must not pass for a verdict."""
    assert play(SUBJECTS, "pool()", "replay.0-2-7").outcome is wire.Outcome.DIVERGED


def test_a_replay_that_ends_too_early_has_diverged_whatever_ended_it(play):
    """The exception is then that of another run than the recorded one."""
    trace = play("def go():\n    raise ValueError\n", "go()", "replay.0-2-7")
    assert (trace.outcome, trace.error) == (wire.Outcome.DIVERGED, None)


def test_a_flood_of_notes_leaves_no_more_room_for_other_events(play):
    """Facts and other events have a limit each, and neither is stretched by what was dropped of the other."""
    source = "import time\ndef flood(probe):\n    for _ in range(30):\n        probe.note('n')\n        time.sleep(1)\n"
    trace = play(source, "flood(probe)", events=10)
    facts = [event for event in trace.events if event.kind is wire.EventKind.NOTE]
    assert (len(facts), len(trace.events) - len(facts), trace.dropped_events) == (10, 10, 70)


@pytest.mark.parametrize(
    ("scenario", "wrong"),
    [
        ("counter()", lambda trace: trace.value < 6),
        ("lost_wakeup()", lambda trace: trace.outcome is wire.Outcome.DEADLOCK),
        ("lock_order()", lambda trace: trace.outcome is wire.Outcome.DEADLOCK),
        ("check_then_act()", lambda trace: trace.outcome is wire.Outcome.RAISED),
    ],
)
@pytest.mark.parametrize(
    "family", ["random.s{seed}", "pct.d2.k{length}.s{seed}", "pct.d3.k{length}.s{seed}", "pos.s{seed}"]
)
def test_each_strategy_finds_each_bug(play_all, scenario, wrong, family):
    """A strategy that finds nothing would make every exploration pass."""
    first = play_all(SUBJECTS, scenario, "block")
    length = next(row.points for row in first if isinstance(row, wire.ScheduleTrace))
    specs = [family.format(seed=seed, length=length) for seed in range(150)]
    traces = [row for row in play_all(SUBJECTS, scenario, *specs, full=False) if isinstance(row, wire.ScheduleTrace)]
    assert len(traces) == len(specs)
    assert any(wrong(trace) for trace in traces)
    assert not all(wrong(trace) for trace in traces)


def test_a_right_program_holds_in_every_schedule(play_all):
    """Exploration must not make a correct file fail."""
    specs = [f"random.s{seed}" for seed in range(100)] + [f"pct.d3.k200.s{seed}" for seed in range(100)]
    traces = [row for row in play_all(SUBJECTS, "pool()", *specs, full=False) if isinstance(row, wire.ScheduleTrace)]
    assert len(traces) == 200
    assert {(trace.outcome, tuple(trace.value)) for trace in traces} == {(wire.Outcome.COMPLETED, (6, 0))}


@pytest.mark.parametrize("spec", ["block", "random.p30.s3"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_code_that_was_compiled_elsewhere_does_the_same(host, other_host, play, scenario, spec):
    """All runs of a grading are made of what one of them compiled."""
    request = msgspec.structs.replace(request_for(SUBJECTS, scenario, spec), scenario="", wants_compiled=True)
    compiled = wire.decode_line(host.run(request).wire.splitlines()[1])
    assert isinstance(compiled, wire.Compiled)
    assert compiled.code
    given = msgspec.structs.replace(request_for(SUBJECTS, scenario, spec), compiled=compiled.code)
    raw = other_host.run(given)
    assert raw.wire == host.run(given).wire
    trace = wire.decode_line(raw.wire.splitlines()[-2])
    if scenario != "objects_in_sets()":  # it goes by addresses, and these are others
        assert trace == play(SUBJECTS, scenario, spec)


@pytest.mark.parametrize("spec", ["block", "random.p30.s3", "pos.s4"])
def test_a_dependency_that_was_compiled_elsewhere_does_the_same(host, other_host, spec):
    """What a file of the student's own does below another is scheduled alike, whether this run compiled it or another."""
    upon = wire.Dependency(module="below", source=SUBJECTS)
    request = request_for("import below\n\ndef go():\n    return below.pool()\n", "go()", spec)
    request = msgspec.structs.replace(request, dependencies=(upon,))
    load = msgspec.structs.replace(request, scenario="", wants_compiled=True)
    compiled = wire.decode_line(host.run(load).wire.splitlines()[1])
    assert isinstance(compiled, wire.Compiled)
    (code,) = compiled.dependencies
    assert code
    given = msgspec.structs.replace(request, dependencies=(msgspec.structs.replace(upon, compiled=code),))
    elsewhere = wire.decode_line(other_host.run(given).wire.splitlines()[-2])
    here = wire.decode_line(host.run(request).wire.splitlines()[-2])
    assert isinstance(here, wire.ScheduleTrace)
    assert here.outcome is wire.Outcome.COMPLETED
    assert here.points > 0
    assert elsewhere == here


def test_a_traceback_out_of_code_compiled_elsewhere_quotes_the_source(host):
    """What a student's program prints of an error is the same."""
    source = "import traceback\ndef fall():\n    try:\n        1 / 0\n    except ZeroDivisionError:\n        traceback.print_exc()\n"
    request = request_for(source, "fall()")
    load = msgspec.structs.replace(request, scenario="", wants_compiled=True)
    compiled = wire.decode_line(host.run(load).wire.splitlines()[1])
    trace = wire.decode_line(host.run(msgspec.structs.replace(request, compiled=compiled.code)).wire.splitlines()[-2])
    assert "1 / 0" in str(trace.events)


def test_code_that_marshal_cannot_hold_is_not_passed_on():
    """It is nested too deeply; then every run compiles for itself."""
    deep = compile("deep = " + "lambda: " * 1_100 + "1", "program.py", "exec")
    assert emit.code_message(deep, [deep]) == {"k": "compiled", "code": "", "dependencies": [""]}
    flat = compile("deep = 1", "program.py", "exec")
    told = emit.code_message(flat, [deep, flat])
    assert emit.code_of(told["code"]) == flat
    assert told["dependencies"] == ["", told["code"]]


def test_a_message_with_the_code_of_many_large_files_is_one_that_can_be_read():
    """What is too long, or too much together, is compiled anew by each run."""
    large = compile(f"large = {'x' * 1_400_000!r}", "program.py", "exec")
    huge = compile(f"huge = {'x' * 1_700_000!r}", "program.py", "exec")
    told = emit.code_message(large, [huge, large, large, large])
    assert [bool(text) for text in [told["code"], *told["dependencies"]]] == [True, False, True, True, False]
    line = json.dumps(told).encode()
    assert len(line) < wire.LINE_LIMIT_BYTES
    assert isinstance(wire.decode_line(line), wire.Compiled)


def test_every_machine_has_as_many_cores(play):
    """Pools are sized by them, also by the standard library: a verdict must not hang on the machine that grades."""
    source = """
import os, threading
from concurrent.futures import ThreadPoolExecutor

def told():
    names = ("cpu_count", "process_cpu_count")
    return [[getattr(os, name)() for name in names if hasattr(os, name)], sorted(os.sched_getaffinity(0))]

def default_pool():
    met = threading.Event()
    with ThreadPoolExecutor() as pool:
        for _ in range(100):
            pool.submit(met.wait)
        met.set()
        return threading.active_count() - 1
"""
    counts, cores = play(source, "told()").value
    assert set(counts) == {4}
    assert cores == [0, 1, 2, 3]
    assert play(source, "default_pool()").value == 8
