"""Timelines in letters and in sentences: threads, the locks they hold, the tasks on them."""

from dataclasses import replace

import pytest
from samples import TASKS_AND_LOCKS, TIMELINE, TURNS, hold, span

from threadmarks.explain import timeline as timelines
from threadmarks.explain import turns
from threadmarks.model import Act, ActKind, Lane, TaskLane, Timeline


def test_locks_and_tasks_stand_under_their_thread():
    """A row for the letters of the locks, then one for each task; several at once are a plus."""
    assert timelines.picture(TASKS_AND_LOCKS, 66) == [
        "               0 s                          4 s",
        "main          |R..............................| alive at the end",
        "  holds       |       AAAAAAAA++++++++BBBBBBBB|",
        "  fetch       |Rzzzzzzzzzzzzzzzzzzzzzz        | done",
        "  \\u202estore |       R.......................| pending at the end",
        "worker (T1)   |       ........................| alive at the end",
    ]


def test_what_the_letters_mean_is_told():
    """A lock that is held for an instant has no letter in the picture."""
    assert timelines.locks(TASKS_AND_LOCKS) == [
        "holding Lock A (line 3): main at line 12",
        "holding Lock B (line 3): main at line 13",
    ]


def test_the_same_is_told_in_sentences():
    """For a screen reader, and where there is no room."""
    assert timelines.listing(TASKS_AND_LOCKS) == [
        (
            "main: at 0 s running; 0 to 4 s waiting for asyncio.run (line 30); alive at the end. It holds Lock A (line 3) "
            "from 1 s to 3 s (taken at line 12); Lock B (line 3) from 2 s to the end (taken at line 13)."
        ),
        "fetch, on main: at 0 s running; 0 to 3 s sleeping (line 9); done.",
        "\\u202estore, on main: at 1 s running; 1 to 4 s waiting for Queue.get (line 18); pending at the end.",
        "worker (T1): 1 to 4 s waiting for Lock (line 20); alive at the end.",
    ]


@pytest.mark.parametrize("width", [36, 40, 56, 76, 120])
@pytest.mark.parametrize("timeline", [TIMELINE, TASKS_AND_LOCKS])
def test_no_row_is_wider_than_the_terminal(timeline, width):
    """A picture that does not fit is told in words, which are wrapped."""
    rows = timelines.picture(timeline, width)
    assert all(len(row) <= width for row in rows)
    assert bool(rows) == (width > 40)


def test_a_narrow_terminal_gets_short_names_and_then_words():
    """60 columns still have a picture, with long names too; 40 have none."""
    lanes = tuple(replace(lane, thread=f"a thread with a long name (T{lane.serial})") for lane in TIMELINE.lanes)
    long = replace(TIMELINE, lanes=lanes)
    assert timelines.picture(long, 56)[1].startswith("~g name (T0) |")
    assert timelines.picture(long, 36) == []


def test_many_lanes_locks_and_tasks_are_counted_in_words():
    """More rows tell nothing."""
    tasks = tuple(TaskLane(name=f"t{n}", number=n, spans=(), fate="done") for n in range(30))
    holds = tuple(hold(n / 30, 1, n, n) for n in range(20))
    lanes = tuple(
        Lane(thread=f"T{n}", serial=n, spans=(), fate="", holds=holds if not n else (), tasks=tasks if n == 1 else ())
        for n in range(40)
    )
    rows = timelines.picture(Timeline(end_s=1.0, lanes=lanes), 76)
    assert rows[-2:] == ["and 28 more threads, not shown", "and 18 more tasks, not shown"]
    assert len(rows) == 1 + 12 + 1 + 12 + 2
    assert timelines.locks(Timeline(end_s=1.0, lanes=lanes))[-1] == "and 12 more locks"


def test_a_lock_beyond_the_alphabet_is_a_plus():
    """One cell has room for one character."""
    many = replace(hold(0, 1, 0, 3), letter="27", name="Lock 27 (line 3)")
    lane = Lane(thread="main", serial=0, spans=(span(0, 1, "running"),), fate="", holds=(many,))
    assert "|++++" in timelines.picture(Timeline(end_s=1.0, lanes=(lane,)), 40)[2]


def test_turns_are_told_in_sentences():
    """Who ran, what it did, and why another came next."""
    assert turns.listing(TURNS) == [
        (
            "1. At 0 s: main runs: starts worker (T1) at line 4; takes Lock A (line 3) at line 5. It is interrupted at line "
            "6: it could have gone on (a preemption)."
        ),
        "2. worker (T1) runs: waits for Lock at line 9, held up by main.",
        "3. main runs on from line 6: waits for Thread.join at line 7, held up by worker (T1).",
    ]
    assert turns.preemptions(TURNS) == 1


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (Act(kind=ActKind.WAKES, line=0, other="b"), "wakes b"),
        (Act(kind=ActKind.PRINTS, line=2, what="x\x1b"), "prints “x\\x1b” at line 2"),
        (Act(kind=ActKind.POLLS, line=2, what="the clock"), "polls (the clock) at line 2"),
        (Act(kind=ActKind.SLEEPS, line=2, what="1500000000"), "sleeps until 1.5 s at line 2"),
        (Act(kind=ActKind.ENDS, line=0), "ends"),
        (Act(kind=ActKind.ENDS, line=0, what="KeyError"), "dies of KeyError"),
        (Act(kind=ActKind.AWAITS, line=2, what="Task", other="b"), "awaits Task b at line 2"),
        (Act(kind=ActKind.FINISHES, line=0), "it is done"),
        (Act(kind=ActKind.FINISHES, line=0, what="KeyError"), "it is ended by KeyError"),
        (Act(kind=ActKind.GIVES, line=2, what="Lock A"), "gives back Lock A at line 2"),
    ],
)
def test_each_act_has_its_words(act, told):
    """And none of the student's text steers the terminal."""
    assert turns.sentence(replace(TURNS[1], acts=(act,))) == f"worker (T1) runs: {told}."


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"after": "sleep", "line": 4}, "worker (T1), after its sleep, runs on from line 4."),
        ({"after": "Queue.get"}, "worker (T1), woken from Queue.get, runs on."),
        ({"after": "Lock", "timed_out": True}, "worker (T1), after the time-out of Lock, runs on."),
        ({"task": 0, "task_name": "fetch", "line": 9}, "Task fetch, on worker (T1), runs on from line 9."),
        ({"left_out": 7}, "7 turns left out here."),
        ({"more_acts": 1}, "worker (T1) runs: and 1 more act of the same kind."),
    ],
)
def test_why_a_thread_runs_is_told(change, told):
    """A wait that is over, a time-out, a step of a task."""
    assert turns.sentence(replace(TURNS[1], acts=(), **change)) == told


def test_a_lock_taken_and_given_back_is_one_act():
    """As it is in the student's `with`."""
    acts = tuple(Act(kind=kind, line=5, what="Lock A") for kind in (ActKind.TAKES, ActKind.GIVES, ActKind.TAKES))
    assert turns.sentence(replace(TURNS[1], acts=acts)) == (
        "worker (T1) runs: takes and gives back Lock A at line 5; takes Lock A at line 5."
    )


def test_many_turns_are_cut_in_the_middle():
    """A terminal is no place for thousands."""
    told = turns.listing([replace(TURNS[1], number=number) for number in range(1, 101)])
    assert len(told) == turns.LISTED + 1
    assert told[turns.LISTED // 2] == "76 turns left out here; --html shows them all"
    assert told[-1].startswith("100. ")
