"""The turns of real runs: they follow the schedule, and what they say of each thread adds up."""

import pytest

from tests.runner.playing import PROGRAMS, request_for
from threadmarks import wire
from threadmarks.judge import turns as turning
from threadmarks.judge.timeline import timeline
from threadmarks.model import ActKind, Doing, Standing
from threadmarks.sandbox.host import Host

SUBJECTS = (PROGRAMS / "subjects.py").read_text()


@pytest.fixture(scope="module")
def trace_of():
    """The full trace of a program's scenario under one schedule."""
    with Host(1) as host:

        def run(source, scenario, spec="block", **limits):
            raw = host.run(request_for(source, scenario, spec, **limits))
            messages = [wire.decode_line(line) for line in raw.wire.splitlines()]
            return next(message for message in messages if isinstance(message, wire.ScheduleTrace))

        yield run


def final(turns) -> dict[tuple[int, int], Standing]:
    """What each thread and task does at the end, by adding up the changes."""
    standings = {}
    for turn in turns:
        standings.update({(each.serial, each.task): each for each in turn.standings})
    return standings


SPECS = ["block", "random.p30.s1", "random.s4", "pct.d3.k60.s2"]


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("scenario", ["pool()", "counter()", "lock_order()", "lost_wakeup()", "tasks()"])
def test_the_standings_add_up_to_the_end(trace_of, scenario, spec):
    """Who has ended has ended, and who waits waits where the wait-for graph says."""
    trace = trace_of(SUBJECTS, scenario, spec)
    standings = final(timeline(trace).turns)
    for thread in trace.threads[1:]:
        assert (standings[thread.serial, -1].doing is Doing.ENDED) == (thread.ended_ns >= 0)
    for wait in trace.waits:
        if wait.what != "running":
            standing = standings[wait.thread, -1]
            assert (standing.what or "sleep", standing.line) == (wait.what, wait.line)


@pytest.mark.parametrize("spec", SPECS)
def test_a_turn_follows_each_switch(trace_of, spec):
    """Each choice that gave the baton away is a turn, and each preemption is told as one."""
    trace = trace_of(SUBJECTS, "counter()", spec)
    switches = [event for event in trace.events if event.kind is wire.EventKind.SWITCH]
    turns = timeline(trace).turns
    assert [turn.choice for turn in turns[1:]] == [event.data[0] for event in switches]
    assert sum(turn.preempted for turn in turns) == sum(event.data[3] for event in switches)
    assert [turn.number for turn in turns] == list(range(1, len(turns) + 1))


def test_a_deadlock_ends_with_who_holds_what(trace_of):
    """Both locks, one each, and both threads at the line where they want the other's."""
    for seed in range(40):
        trace = trace_of(SUBJECTS, "lock_order()", f"random.p30.s{seed}")
        if trace.outcome is wire.Outcome.DEADLOCK:
            break
    picture = timeline(trace)
    standings = final(picture.turns)
    assert [standings[serial, -1].doing for serial in (1, 2)] == [Doing.WAITING] * 2
    holds = [standings[serial, -1].holds for serial in (1, 2)]
    assert sorted(name for names in holds for name in names) == ["Lock A (line 108)", "Lock B (line 108)"]
    assert [[hold.kept for hold in lane.holds] for lane in picture.lanes[1:]] == [[True], [True]]
    assert {wait.taken_line for wait in trace.waits if wait.what == "Lock"} == {111}


def test_tasks_have_lanes_under_their_thread(trace_of):
    """By name, with what they sleep and how they ended."""
    (main, *_) = timeline(trace_of(SUBJECTS, "tasks()")).lanes
    assert [task.fate for task in main.tasks] == ["done"] * 4
    work = main.tasks[1]
    assert [(span.state, span.start_s, span.end_s) for span in work.spans if span.end_s > span.start_s] == [
        ("sleeping", 0.0, 0.1),
        ("sleeping", 0.1, 0.2),
        ("sleeping", 0.2, 0.3),
    ]


SIGNAL = """\
import threading
ready = threading.Semaphore(0)
seats = threading.Semaphore(1)

def go():
    thread = threading.Thread(target=ready.release)
    seats.acquire()
    thread.start()
    ready.acquire()
    thread.join()
"""


def test_a_semaphore_that_signals_is_held_by_nobody(trace_of):
    """Who waits for a signal would else seem to hold something for ever; a seat is held."""
    main = timeline(trace_of(SIGNAL, "go()")).lanes[0]
    assert [(hold.name, hold.line, hold.kept) for hold in main.holds] == [("Semaphore A (line 3)", 7, True)]


def test_a_lock_that_the_scenario_made_is_called_the_checks(trace_of):
    """A student who finds it in a report has no such line."""
    driver = "import threading\ndef go(student, probe):\n    seats = threading.Semaphore(1)\n    with seats:\n        student.go()\n"
    main = timeline(trace_of("import threading\ndef go():\n    with threading.Lock():\n        pass\n", driver)).lanes[
        0
    ]
    assert [hold.name for hold in main.holds] == ["Semaphore A (the check's)", "Lock B (line 3)"]


def test_a_lock_given_back_by_another_is_held_no_more(trace_of):
    """A Lock may be released by anybody."""
    source = (
        "import threading\nlock = threading.Lock()\ndef go():\n    lock.acquire()\n"
        "    thread = threading.Thread(target=lock.release)\n    thread.start()\n    thread.join()\n"
    )
    picture = timeline(trace_of(source, "go()"))
    assert [hold.kept for hold in picture.lanes[0].holds] == [False]
    assert final(picture.turns)[0, -1].holds == ()


def test_a_thread_that_runs_on_alone_has_a_turn_for_each_wait(trace_of):
    """Nobody else ran in between, and time passed."""
    source = "import time\ndef go():\n    for _ in range(3):\n        time.sleep(1)\n"
    turns = timeline(trace_of(source, "go()")).turns
    assert [(turn.at_s, [act.kind for act in turn.acts]) for turn in turns] == [
        (second, [ActKind.SLEEPS]) for second in (0.0, 1.0, 2.0)
    ]


def test_what_is_too_much_is_left_out_in_the_middle(trace_of, monkeypatch):
    """And what it came to is kept, so that the end is right."""
    whole = timeline(trace_of(SUBJECTS, "pool()", "random.p30.s1")).turns
    monkeypatch.setattr(turning, "TURN_LIMIT", 10)
    cut = timeline(trace_of(SUBJECTS, "pool()", "random.p30.s1")).turns
    assert len(cut) == 11
    assert cut[5].left_out == len(whole) - 10
    assert (cut[:5], cut[6:]) == (whole[:5], whole[-5:])
    assert final(cut) == final(whole)


def test_turns_end_where_the_record_does(trace_of):
    """Beyond it nobody knows who ran, and the timeline says that it was cut."""
    picture = timeline(trace_of(SUBJECTS, "pool()", events=30))
    assert picture.cut
    whole = timeline(trace_of(SUBJECTS, "pool()"))
    assert not whole.cut
    known = len(picture.turns) - 1
    assert known > 3
    assert picture.turns[:known] == whole.turns[:known]


def test_without_room_for_details_there_are_no_turns(trace_of):
    """They would be told wrongly."""
    assert timeline(trace_of(SUBJECTS, "counter()", events=0)).turns == ()
