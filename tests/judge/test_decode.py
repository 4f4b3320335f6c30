"""Whatever a runner sends is decoded into the one right sequence, or is not an answer."""

import json
import signal
import sys
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadmarks import wire
from threadmarks.errors import SandboxError
from threadmarks.judge.decode import Answer, Broken, decode
from threadmarks.sandbox.host import RawRun, Stop

NONCE = "00112233aabbccdd"
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
REQUEST = wire.RunRequest(
    version=wire.WIRE_VERSION,
    nonce=NONCE,
    module="ex90",
    source="",
    scenario_source="",
    scenario="s",
    schedules=(wire.ScheduleSpec("block"), wire.ScheduleSpec("random.s1")),
    full=True,
    input_seed=1,
    limits=wire.Limits(),
)

HELLO = {"k": "hello", "version": wire.WIRE_VERSION, "python": PYTHON, "nonce": NONCE}
LOADED: dict[str, Any] = {"k": "loaded", "phase": "ok", "error": None, "api": []}
END = {"k": "end", "nonce": NONCE, "schedules": 2}
MAIN_RUNS = [0, "running", 0, -1, 0, -1]


def schedule(spec: str, **changes: Any) -> dict[str, Any]:
    """A schedule in which main did nothing."""
    return {
        "k": "schedule",
        "spec": spec,
        "outcome": "completed",
        "virtual_ns": 0,
        "threads": [[0, "main", -1, "driver", 0, 0, -1, "", 1, 0]],
        "events": [],
        "dropped_events": 0,
        "choices": "",
        "points": 0,
        "waits": [],
        "error": None,
        "value": None,
        "digest": "d",
        **changes,
    }


WHOLE = [HELLO, LOADED, schedule("block"), schedule("random.s1"), END]


def raw(*messages: Any, tail: bytes = b"", **changes: Any) -> RawRun:
    """A run that sent these messages."""
    data = b"".join(json.dumps(message).encode() + b"\n" for message in messages) + tail
    fields: dict[str, Any] = {
        "wire": data,
        "stray": b"",
        "stray_total": 0,
        "stop": Stop.ITSELF,
        "exit_code": 0,
        "cpu_s": 0.1,
        "max_rss_bytes": 1,
        "orphans": 0,
        "tasks": None,
        "voluntary_switches": 0,
    }
    return RawRun(**{**fields, **changes})


def answer(*messages: Any, **changes: Any) -> Answer:
    """What it decodes to."""
    return decode(raw(*messages, **changes), REQUEST)


def test_the_whole_sequence_is_an_answer() -> None:
    """The accepting case."""
    result = answer(*WHOLE)
    assert result.broken is None
    assert [trace.spec for trace in result.traces] == ["block", "random.s1"]


def test_what_comes_after_the_end_of_a_line_that_never_ends_says_nothing() -> None:
    """A torn line was never finished; the end before it counts."""
    assert answer(*WHOLE, tail=b'{"k":').broken is None


@pytest.mark.parametrize(
    ("messages", "problem"),
    [
        ([HELLO, LOADED, *WHOLE[2:], {"k": "end"}], "not a message"),
        ([*WHOLE, END], "a message after the end"),
        ([HELLO, HELLO], "Hello where Loaded was due"),
        ([HELLO, END], "End where Loaded was due"),
        ([HELLO, LOADED, LOADED], "a second Loaded"),
        ([HELLO, LOADED, schedule("random.s1")], "schedule 'random.s1' where 'block' was due"),
        ([HELLO, LOADED, schedule("block"), schedule("block")], "where 'random.s1' was due"),
        ([*WHOLE[:4], schedule("x")], "more schedules than were asked for"),
        ([*WHOLE[:3], END], "an end that does not close this run"),
        ([*WHOLE[:3], {**END, "schedules": 1}], "an end that does not close this run"),
        ([*WHOLE[:4], {**END, "nonce": "0" * 16}], "an end that does not close this run"),
        ([*WHOLE[:4], {**END, "schedules": 3}], "an end that does not close this run"),
        ([HELLO, {**LOADED, "phase": "done"}], "not a message"),
        ([HELLO, {**LOADED, "phase": "import"}], "contradicts itself"),
        ([HELLO, {**LOADED, "extra": 1}], "not a message"),
        ([HELLO, LOADED, schedule("block", outcome="raised")], "contradicts the error record"),
        ([HELLO, LOADED, schedule("block", threads=[[1, "t", 0, "driver", 0, 0, -1, "", 1, 0]])], "numbered in order"),
        (
            [HELLO, LOADED, schedule("block", events=[[2, 0, 0, "spin", 0, [""]], [1, 0, 0, "spin", 0, [""]]])],
            "out of order",
        ),
        (
            [HELLO, LOADED, schedule("block", events=[[1, 5, 0, "spin", 0, [""]], [2, 4, 0, "spin", 0, [""]]])],
            "out of order",
        ),
        ([HELLO, LOADED, schedule("block", events=[[1, 0, 0, "note", 0, [1, 2]]])], "a note event of another shape"),
        (
            [HELLO, LOADED, schedule("block", events=[[1, 0, 0, "mark", 0, ["m", 0, [[1, 2]]]]])],
            "a mark event of another",
        ),
        ([HELLO, LOADED, schedule("block", events=[[1, 0, 0, "start", 0, [True]]])], "a start event of another shape"),
        ([HELLO, LOADED, schedule("block", events=[[1, 0, 0, "dance", 0, []]])], "not a message"),
    ],
)
def test_any_other_sequence_is_malformed(messages: list[Any], problem: str) -> None:
    """Never a pass, and never the grader's fault."""
    result = answer(*messages)
    assert result.broken is Broken.MALFORMED
    assert problem in result.detail


def test_a_program_that_ends_its_process_ends_only_what_was_still_to_come() -> None:
    """The engine says so, and marks the end."""
    result = answer(HELLO, LOADED, schedule("block", outcome="exited", waits=[MAIN_RUNS]), {**END, "schedules": 1})
    assert (result.broken, len(result.traces)) == (None, 1)


def test_nothing_follows_a_program_that_ended_its_process() -> None:
    """Whoever writes on after that is not the engine."""
    last = schedule("block", outcome="exited", waits=[MAIN_RUNS])
    result = answer(HELLO, LOADED, last, schedule("random.s1"), END)
    assert (result.broken, result.detail) == (Broken.MALFORMED, "a schedule after one that ended the process")


def test_a_flood_of_line_ends_is_refused_at_the_first() -> None:
    """A list of a hundred million empty lines would take the judge's memory."""
    flood = raw(HELLO, LOADED, tail=b"\n" * (8 << 20))
    tracemalloc.start()
    try:
        result = decode(flood, REQUEST)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert result.broken is Broken.MALFORMED
    assert peak < 1 << 20


def test_a_file_that_was_not_loaded_has_no_schedules() -> None:
    """Its end closes nothing but the loading."""
    error = {"type": "SyntaxError", "message": "m", "frames": [["student", 1, ""]], "thread": 0, "about": ""}
    result = answer(HELLO, {**LOADED, "phase": "syntax", "error": error}, {**END, "schedules": 0})
    assert (result.broken, result.traces) == (None, ())


@pytest.mark.parametrize("count", range(1, 5))
def test_a_missing_end_is_never_an_answer(count: int) -> None:
    """However much came before it."""
    result = answer(*WHOLE[:count])
    assert (result.broken, result.detail) == (Broken.DIED, "the process ended with exit code 0")


@pytest.mark.parametrize(
    ("changes", "broken", "words"),
    [
        ({"stop": Stop.DEADLINE, "exit_code": -9}, Broken.TIME_LIMIT, "still running after 30 seconds"),
        ({"stop": Stop.WIRE_FLOOD, "exit_code": -9}, Broken.OUTPUT_LIMIT, "wrote without end"),
        ({"stop": Stop.OUTPUT_FLOOD, "exit_code": -9}, Broken.OUTPUT_LIMIT, "wrote without end"),
        ({"exit_code": -signal.SIGXCPU}, Broken.TIME_LIMIT, "20 seconds of processor time"),
        ({"exit_code": -signal.SIGKILL, "cpu_s": 21.0}, Broken.TIME_LIMIT, "20 seconds of processor time"),
        ({"exit_code": -signal.SIGKILL}, Broken.DIED, "signal SIGKILL"),
        ({"exit_code": -signal.SIGSEGV}, Broken.DIED, "signal SIGSEGV"),
        ({"exit_code": -200}, Broken.DIED, "signal 200"),
        ({"exit_code": 1, "stray": b"MemoryError\n"}, Broken.MEMORY_LIMIT, "exit code 1"),
        ({"exit_code": 97, "stray": b"Traceback\nValueError: x\n"}, Broken.DIED, "the engine gave up: ValueError: x"),
        ({"exit_code": 97, "stray": b" \n"}, Broken.DIED, "exit code 97"),
    ],
)
def test_the_way_a_process_ended_says_why(changes: dict[str, Any], broken: Broken, words: str) -> None:
    """A limit comes before everything else, a torn line included."""
    result = answer(HELLO, LOADED, tail=b'{"k"', **changes)
    assert result.broken is broken
    assert words in result.detail


def test_a_stuck_call_is_named() -> None:
    """The engine's watchdog told its line; nothing follows it."""
    result = answer(HELLO, LOADED, {"k": "stuck", "line": 7, "function": "read"})
    assert result.broken is Broken.STUCK
    assert result.stuck is not None
    assert (result.stuck.line, result.stuck.function) == (7, "read")


@pytest.mark.parametrize(
    "messages", [[], [LOADED], [{**HELLO, "nonce": "x"}], [{**HELLO, "version": 99}], [{**HELLO, "python": "2.7"}]]
)
def test_a_runner_without_its_hello_is_lost_before_the_student(messages: list[Any]) -> None:
    """No line of theirs has run: not their fault."""
    with pytest.raises(SandboxError, match="gave no hello"):
        answer(*messages)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["k", "end", "hello", NONCE]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["k", "nonce", "spec", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.lists(JSON | st.sampled_from(WHOLE[1:4]), max_size=5), st.binary(max_size=20))
def test_nothing_but_the_right_end_makes_an_answer(messages: list[Any], tail: bytes) -> None:
    """Any bytes after the hello: an answer is broken, and decoding them raises nothing."""
    data = (
        json.dumps(HELLO).encode()
        + b"\n"
        + b"".join(json.dumps(message).encode() + b"\n" for message in messages)
        + tail
    )
    assert decode(raw(wire=data), REQUEST).broken is not None
