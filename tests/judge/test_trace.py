"""What checks ask of a trace, on made-up records; and how they say what they expect."""

from typing import Any

import pytest

from threadmarks import wire
from threadmarks.errors import GraderFault
from threadmarks.grading import Note, Trace, expect
from threadmarks.judge.expect import texts
from threadmarks.judge.failure import CheckFailed
from threadmarks.judge.timeline import timeline
from threadmarks.model import Finding, Place
from threadmarks.wire import EventKind, Outcome, ThreadRecord

S = 1_000_000_000


def thread(serial: int, origin: str = "student", **changes: Any) -> ThreadRecord:
    """A thread that ran from 0 to 1 second."""
    fields: dict[str, Any] = {
        "serial": serial,
        "name": f"w{serial}",
        "parent": 0,
        "origin": origin,
        "line": 10 + serial,
        "started_ns": 0,
        "ended_ns": S,
        "panic": "",
        "resumes": 5,
        "points": 50,
    }
    return ThreadRecord(**{**fields, **changes})


MAIN = thread(0, "driver", name="main", parent=-1, line=0, ended_ns=-1)


def made(*events: tuple[int, int, EventKind, list[Any]], **changes: Any) -> Trace:
    """A trace with these events: (time in ns, thread, kind, data)."""
    fields: dict[str, Any] = {
        "spec": "block",
        "outcome": Outcome.COMPLETED,
        "virtual_ns": 2 * S,
        "threads": (MAIN, thread(1), thread(2, "driver"), thread(3, ended_ns=-1)),
        "events": tuple(
            wire.Event(step, time_ns, on, kind, 7, tuple(data)) for step, (time_ns, on, kind, data) in enumerate(events)
        ),
        "dropped_events": 0,
        "choices": "",
        "points": 0,
        "waits": (),
        "error": None,
        "value": None,
        "digest": "d",
    }
    return Trace(wire.ScheduleTrace(**{**fields, **changes}), "tm2.ex90.s.block")


def note(name: str, value: Any = None, time_ns: int = 0) -> tuple[int, int, EventKind, list[Any]]:
    """A note's event, for `made`."""
    return time_ns, 1, EventKind.NOTE, [name, value]


def mark(name: str, started: int, counters: list[list[int]]) -> tuple[int, int, EventKind, list[Any]]:
    """A mark's event, for `made`."""
    return 0, 0, EventKind.MARK, [name, started, counters]


def test_notes_come_by_name_in_order_with_where_and_when() -> None:
    """The facts that a scenario recorded."""
    trace = made(note("a", 1), note("b", 2, S // 2), note("a", [3], S))
    assert [item.value for item in trace.notes("a")] == [1, [3]]
    assert trace.note("b") == Note(name="b", value=2, time_s=0.5, thread=1, line=7, step=1)
    assert (trace.has("a"), trace.has("c"), trace.notes("c")) == (True, False, ())


def test_threads_are_told_apart_by_who_started_them() -> None:
    """Main is nobody's."""
    trace = made()
    assert [item.serial for item in trace.student_threads] == [1, 3]
    assert [item.serial for item in trace.alive_at_end()] == [3]
    assert [item.serial for item in trace.alive_at_end("driver")] == []


def test_threads_started_between_two_marks_are_counted_by_creation() -> None:
    """Not by time: many threads start at the same virtual instant."""
    trace = made(mark("a", 1, []), mark("b", 3, []))
    between = [
        [item.serial for item in trace.started_between(*pair)]
        for pair in ((None, "a"), ("a", "b"), ("b", None), (None, None))
    ]
    assert between == [[1], [3], [], [1, 3]]
    assert [item.serial for item in trace.started_between("a", "b", origin="driver")] == [2]


def test_counters_between_marks_are_differences() -> None:
    """A thread that had not begun counts from nothing."""
    trace = made(mark("a", 1, [[0, 9, 9], [1, 2, 20]]), mark("b", 3, [[0, 9, 9], [1, 3, 25], [3, 1, 4]]))
    assert trace.resumes_between("a", "b") == {1: 1, 3: 1}
    assert trace.points_between("a", "b") == {1: 5, 3: 4}
    assert trace.resumes_between(None, "a") == {1: 2}
    assert trace.points_between("b", None) == {1: 25, 3: 46}


def test_the_high_water_mark_is_the_most_that_were_inside() -> None:
    """Overlap without a stopwatch."""
    trace = made(*(note(name) for name in ("in", "in", "out", "in", "in", "out", "out")))
    assert trace.high_water("in", "out") == 3
    assert made().high_water("in", "out") == 0


def test_output_is_put_together_by_stream() -> None:
    """As it was written."""
    events = [
        (0, 0, EventKind.OUTPUT, [stream, text]) for stream, text in (("stdout", "a"), ("stderr", "b"), ("stdout", "c"))
    ]
    trace = made(*events)
    assert (trace.stdout, trace.stderr) == ("ac", "b")


def test_a_missing_note_fails_the_check_with_what_ended_the_run() -> None:
    """Its cause, not its symptom."""
    for outcome, code in (
        (Outcome.COMPLETED, "not-reached"),
        (Outcome.DEADLOCK, "deadlock"),
        (Outcome.EXITED, "exited"),
    ):
        with pytest.raises(CheckFailed) as caught:
            made(outcome=outcome).note("a")
        assert caught.value.failure.finding.code == code
        with pytest.raises(CheckFailed) as caught:
            made(outcome=outcome).mark("a")
        assert caught.value.failure.finding.code == code


def test_a_missing_note_in_a_cut_trace_says_that_it_was_cut() -> None:
    """The program did too much; no fault of the grader's comes of what a submission does."""
    with pytest.raises(CheckFailed, match="3 events were left out"):
        made(dropped_events=3).note("a")


def test_expect_fails_with_a_complete_finding() -> None:
    """Everything that a report shows."""
    with pytest.raises(CheckFailed) as caught:
        expect(False, code="c", message="M.", measured="what", seen=3, wanted=4, means="why", place=12)
    assert caught.value.failure.finding == Finding(
        code="c", message="M.", measured="what", seen="3", wanted="4", means="why", place=Place(file="", line=12)
    )


def test_expect_lets_a_true_condition_pass() -> None:
    """The accepting case."""
    expect(True, code="c", message="M.")


@pytest.mark.parametrize(
    ("where", "line"),
    [(None, 0), (0, 0), (12, 12), (thread(2), 12), (Place(file="", line=3), 3), (made(note("a")).note("a"), 7)],
)
def test_a_place_is_anything_that_has_a_line(where: Any, line: int) -> None:
    """Line 0 is no place."""
    with pytest.raises(CheckFailed) as caught:
        expect(False, code="c", message="M.", place=where)
    place = caught.value.failure.finding.place
    assert (place.line if place else 0) == line


def test_a_note_outside_a_check_is_the_graders_fault() -> None:
    """It would be lost."""
    with pytest.raises(GraderFault, match="outside a check"):
        expect.note(code="c", message="M.")


@pytest.mark.parametrize(
    ("seen", "wanted", "shown"),
    [
        (3, 4, ("3", "4")),
        ("3 threads", "4 threads", ("3 threads", "4 threads")),
        ("1", 1, ("'1'", "1")),
        ("None", None, ("'None'", "None")),
        ("", "a", ("''", "a")),
        ([1, "a"], [1, "b"], ("[1, 'a']", "[1, 'b']")),
        ({"type": "Thing"}, 42, ("an object of type Thing", "42")),
    ],
)
def test_unequal_values_never_look_equal(seen: Any, wanted: Any, shown: tuple[str, str]) -> None:
    """A student would look for a mistake that is not there."""
    assert texts(seen, wanted) == shown


def test_a_timeline_shows_what_each_thread_did() -> None:
    """Running, waiting, sleeping, over virtual time."""
    trace = made(
        (0, 0, EventKind.START, [1]),
        (0, 0, EventKind.WAIT, ["Thread.join", 1, -1]),
        (0, 1, EventKind.SLEEP, [S]),
        (S, 1, EventKind.WAKE, ["timeout"]),
        (S, 1, EventKind.END, ["ValueError"]),
        (S, 0, EventKind.WAKE, ["granted"]),
        threads=(MAIN, thread(1, panic="ValueError")),
    )
    picture = timeline(trace.record)
    main, worker = picture.lanes
    assert picture.end_s == 2.0
    assert [(span.state, span.what, span.start_s, span.end_s) for span in main.spans] == [
        ("running", "", 0.0, 0.0),
        ("waiting", "Thread.join", 0.0, 1.0),
        ("running", "", 1.0, 2.0),
    ]
    assert [(span.state, span.start_s, span.end_s) for span in worker.spans] == [
        ("running", 0.0, 0.0),
        ("sleeping", 0.0, 1.0),
        ("running", 1.0, 1.0),
    ]
    assert (main.fate, worker.thread, worker.fate) == ("ended", "w1 (T1)", "died: ValueError")
