"""How a run ends, by itself, is a verdict with the student's line and the reason."""

import pytest

from tests.judge.conftest import Grade, Make, only
from threadmarks.model import Verdict

SIGNATURE = "import os, queue, sys, threading, time\ndef answer(x, *, twice=False):\n"


@pytest.mark.parametrize(
    ("body", "code", "verdict", "line"),
    [
        ("    raise NotImplementedError\n", "not-implemented", "failed", 3),
        ("    raise KeyError('k')\n", "exception", "crashed", 3),
        (
            "    threading.Lock().acquire(); lock = threading.Lock(); lock.acquire(); lock.acquire()\n",
            "deadlock",
            "deadlock",
            3,
        ),
        (
            "    while True:\n        try: queue.Queue().get(timeout=1)\n        except queue.Empty: pass\n",
            "stalled",
            "deadlock",
            4,
        ),
        ("    sys.exit(3)\n", "exited", "crashed", 3),
        ("    os._exit(3)\n", "exited", "crashed", 0),
        ("    import ctypes; ctypes.string_at(0)\n", "died", "crashed", 0),
        ("    os.write(3, b'hello\\n')\n    os._exit(0)", "malformed-answer", "crashed", 0),
        ("    return [0] * 10**12\n", "memory-limit", "crashed", 3),
    ],
)
def test_an_end_by_itself_gives_its_finding_and_verdict(
    grade: Grade, body: str, code: str, verdict: str, line: int
) -> None:
    """One program for each way to end."""
    check = only(grade(SIGNATURE + body))
    assert (check.findings[0].code, check.verdict.value) == (code, verdict)
    assert (check.findings[0].place.line if check.findings[0].place else 0) == line
    assert check.score == 0


def test_a_loop_that_gets_nowhere_is_a_hang(grade: Grade) -> None:
    """The step limit ends it, by count and not by clock."""
    check = only(grade(SIGNATURE + "    while True: pass\n"))
    assert (check.findings[0].code, check.verdict) == ("spinning", Verdict.HANG)


def test_a_deadlock_names_who_waits_for_what_held_by_whom(grade: Grade) -> None:
    """The graph is the explanation."""
    body = """
    one, two = threading.Lock(), threading.Lock()
    def other():
        with two:
            time.sleep(1)
            one.acquire()
    threading.Thread(target=other, name="other").start()
    with one:
        time.sleep(1)
        two.acquire()
"""
    finding = only(grade(SIGNATURE + body)).findings[0]
    edges = {edge.thread: (edge.held_by, edge.place.text.strip() if edge.place else "") for edge in finding.waits}
    assert edges == {"main": ("other (T1)", "two.acquire()"), "other (T1)": ("main", "one.acquire()")}


def test_an_exception_tells_type_message_and_line(grade: Grade) -> None:
    """What the student would have seen in a terminal."""
    finding = only(grade(SIGNATURE + "    return 1 // 0\n")).findings[0]
    assert finding.seen == "ZeroDivisionError: integer division or modulo by zero"
    assert finding.place is not None
    assert (finding.place.file, finding.place.text) == ("ex90.py", "    return 1 // 0")


STUMBLES = """
def call(student, probe):
    probe.note("answer", student.answer(20).value)
"""


def test_a_value_of_another_kind_is_the_students(make: Make, grade: Grade) -> None:
    """The driver stumbles over what it was given: not over itself."""
    check = only(grade(SIGNATURE + "    return None\n", make(scenarios=STUMBLES)))
    assert (check.findings[0].code, check.verdict) == ("unexpected-value", Verdict.FAILED)


TRAPS = {
    "a dead proxy": "import weakref\nclass Thing: pass\nclass A:\n    value = weakref.proxy(Thing())\n",
    "a released view": "view = memoryview(b'x')\nview.release()\nclass A:\n    value = view\n",
    "an import that fails": "from functools import partial\nclass A:\n    value = property(partial(__import__, 'no_such'))\n",
    "a name that is missing": "from functools import partial\nclass A:\n    value = property(partial(eval, 'nothing', {}))\n",
}


@pytest.mark.parametrize("trap", TRAPS)
def test_what_a_value_raises_in_the_drivers_line_is_the_students(make: Make, grade: Grade, trap: str) -> None:
    """Without a frame of theirs: nobody may make a check ungraded that would have failed."""
    scenarios = 'def call(student, probe):\n    probe.note("answer", len(student.answer(20).value))\n'
    source = TRAPS[trap] + SIGNATURE + "    return A()\n"
    check = only(grade(source, make(scenarios=scenarios)))
    assert (check.findings[0].code, check.verdict) == ("unexpected-value", Verdict.FAILED)


def test_an_exception_of_the_drivers_own_is_a_grader_fault(make: Make, grade: Grade) -> None:
    """It neither costs nor gives points."""
    report = grade(SIGNATURE + "    return 42\n", make(scenarios="def call(student, probe):\n    nonsense()\n"))
    check = only(report)
    assert check.verdict is Verdict.GRADER_FAULT
    assert "NameError" in check.fault
    assert (report.score, report.max_score, report.ungraded, report.verdict) == (0.0, 0.0, 20.0, Verdict.GRADER_FAULT)


ALLOWS = """
from threadmarks.grading import Run, check, expect

@check(points=20, title="It may raise", concept="answers")
async def test_answer(run: Run) -> None:
    trace = await run("call", allow=("raised", "deadlock"))
    expect(not trace.completed, code="no-end", message="It should not have come back.")
    if trace.error is not None:
        expect(trace.error.type == "KeyError", code="other-error", message="Another error.", seen=trace.error.type)
"""


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ("    raise KeyError\n", []),
        ("    threading.Event().wait()\n", []),
        ("    raise ValueError\n", ["other-error"]),
        ("    return 42\n", ["no-end"]),
        ("    os._exit(0)\n", ["exited"]),
    ],
)
def test_an_allowed_outcome_is_handed_to_the_check(make: Make, grade: Grade, body: str, codes: list[str]) -> None:
    """Which error comes, and whether one does, can be the point of a check."""
    check = only(grade(SIGNATURE + body, make(checks=ALLOWS)))
    assert [finding.code for finding in check.findings] == codes


def test_a_note_that_was_not_reached_fails_the_check(make: Make, grade: Grade) -> None:
    """Not the grader's fault: the program took another way."""
    scenario = "def call(student, probe):\n    if student.answer(1) == 42: probe.note('answer', 42)\n"
    check = only(grade(SIGNATURE + "    return 1\n", make(scenarios=scenario)))
    assert (check.findings[0].code, check.verdict) == ("not-reached", Verdict.FAILED)


def test_the_timeline_of_a_failed_check_shows_its_threads(grade: Grade) -> None:
    """Where it went wrong, over virtual time."""
    body = "    t = threading.Thread(target=time.sleep, args=(2,), name='w')\n    t.start(); t.join()\n    return 1\n"
    check = only(grade(SIGNATURE + body))
    assert check.timeline is not None
    main, worker = check.timeline.lanes
    assert (check.timeline.end_s, worker.thread, worker.fate) == (2.0, "w (T1)", "ended")
    assert [(span.state, span.start_s, span.end_s) for span in worker.spans][-1] == ("sleeping", 0.0, 2.0) or any(
        span.state == "sleeping" and (span.start_s, span.end_s) == (0.0, 2.0) for span in worker.spans
    )
    assert any(span.state == "waiting" and span.line == 4 for span in main.spans)


def test_a_passed_check_has_no_timeline(grade: Grade) -> None:
    """Nothing to explain."""
    check = only(grade(SIGNATURE + "    return 42\n"))
    assert (check.verdict, check.timeline) == (Verdict.PASSED, None)


def test_what_another_file_has_left_unwritten_is_not_blamed_on_the_line_that_calls_it(grade: Grade) -> None:
    """An exercise that builds on an earlier one meets the earlier stub; this line is written."""
    check = only(grade(SIGNATURE + "    import random\n    return random.SystemRandom().getstate()\n"))
    assert check.findings[0].message == (
        "This line calls SystemRandom._notimplemented, in another file. That part is not written yet: it raises "
        "NotImplementedError."
    )
