"""A trace that does not fit together is refused, whatever its types say."""

import copy
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from threadmarks import wire
from threadmarks.errors import ProtocolError
from threadmarks.judge.wellformed import NESTING_LIMIT, check_loaded, check_trace, is_plain
from threadmarks.runner import baton

REQUEST = wire.RunRequest(
    version=wire.WIRE_VERSION,
    nonce="00",
    module="ex90",
    source="",
    scenario_source="",
    scenario="s",
    schedules=(wire.ScheduleSpec("random.s1"),),
    full=True,
    input_seed=1,
    limits=wire.Limits(events=20),
    api=(wire.ApiEntry("answer", False, "answer()", ()),),
)

Record = dict[str, Any]

WHOLE: Record = {
    "k": "schedule",
    "spec": "random.s1",
    "outcome": "deadlock",
    "virtual_ns": 30,
    "threads": [
        [0, "main", -1, "driver", 0, 0, -1, "", 3, 9],
        [1, "a", 0, "student", 4, 10, 20, "ValueError", 2, 5],
        [2, "b", 1, "student", 5, 15, -1, "", 1, 2],
    ],
    "events": [
        [1, 0, 0, "mark", 0, ["begin", 0, [[0, 1, 1]]]],
        [2, 10, 0, "start", 4, [1]],
        [3, 10, 0, "wait", 8, ["Thread.join", 1, 40, -1]],
        [4, 15, 1, "start", 5, [2]],
        [5, 15, 1, "mark", 6, ["middle", 2, [[0, 2, 3], [1, 1, 2], [2, 0, 0]]]],
        [6, 20, 1, "end", 0, ["ValueError"]],
        [7, 20, 0, "wake", 0, ["granted"]],
        [8, 21, 0, "note", 9, ["seen", {"a": [1, 2.5, None, "x"]}]],
        [8, 21, 0, "switch", 9, [1, 2, 2, True]],
        [8, 21, 2, "take", 7, [0, "Lock", 3]],
        [8, 21, 2, "take", 7, [1, "Semaphore", 2]],
        [8, 21, 0, "take", 8, [1, "Semaphore", 2]],
        [8, 21, 2, "step", 7, [0, "Task-1"]],
        [8, 21, 2, "step", 7, [1, "Task-2"]],
        [8, 21, 2, "park", 8, [1, "Task", 2]],
        [8, 21, 2, "finish", 0, [0, "ValueError"]],
        [8, 21, 2, "give", 8, [0, "Lock", 3]],
        [8, 21, 2, "take", 7, [0, "Lock", 3]],
        [9, 22, 2, "sleep", 7, [25]],
        [10, 25, 2, "wake", 0, ["timeout"]],
        [11, 25, 2, "spin", 7, ["the clock"]],
        [12, 30, 1, "output", 0, ["stdout", "an unfinished line"]],
    ],
    "dropped_events": 0,
    "dropped_details": 0,
    "choices": "0-1-1_1-2:2",
    "points": 2,
    "waits": [[0, "Lock", 3, 2, 9, -1, 7], [2, "Lock", 4, 0, 7, -1, 0]],
    "error": None,
    "value": [1, {"x": None}],
    "digest": "0123456789abcdef",
    "preempted": 1,
}


def check(record: Record, request: wire.RunRequest = REQUEST) -> None:
    """Decode the record as a runner's line, and hold it against the rules."""
    message = wire.decode_line(json.dumps(record).encode())
    assert isinstance(message, wire.ScheduleTrace)
    check_trace(message, request)


def test_a_trace_that_fits_together_is_accepted() -> None:
    """The accepting case of all that follow."""
    check(WHOLE)


def put(*path: Any) -> Callable[[Record], None]:
    """`put("threads", 1, 2, 7)`: a change that sets `record["threads"][1][2]` to 7."""
    *way, last, value = path

    def change(record: Record) -> None:
        place: Any = record
        for step in way:
            place = place[step]
        place[last] = value

    return change


TOUCHES = msgspec.structs.replace(REQUEST, touches=True)
TOUCHED: Record = {
    **WHOLE,
    "events": [
        *WHOLE["events"],
        [12, 30, 0, "touch", 8, ["read", 0, "total", "total", "1", "1"]],
        [12, 30, 2, "touch", 8, ["write", 1, "n", "self.n", "1", "2"]],
        [12, 30, 2, "touch", 9, ["signal", 2, "", "self.ready", "0", "0"]],
        [12, 30, 2, "touch", 9, ["delete", 1, "n", "self.n", "2", ""]],
        [12, 30, 0, "touch", 9, ["wait", 2, "", "self.ready", "0", "0"]],
    ],
}


def test_touches_are_accepted_where_they_were_asked_for() -> None:
    """The accepting case of those below."""
    check(TOUCHED, TOUCHES)


def test_touches_that_nobody_asked_for_are_refused() -> None:
    """An ordinary run has no room for them."""
    with pytest.raises(ProtocolError):
        check(TOUCHED, REQUEST)


@pytest.mark.parametrize(
    "data",
    [
        ["look", 1, "n", "self.n", "1", "1"],
        [["read"], 1, "n", "self.n", "1", "1"],
        ["read", 3, "n", "self.n", "1", "1"],
        ["read", -1, "n", "self.n", "1", "1"],
        ["read", True, "n", "self.n", "1", "1"],
        ["read", 1, "n", "self.n", "1"],
        ["read", 1, "n", "self.n", "1", 1],
        ["read", 1, None, "self.n", "1", "1"],
        ["read", 1, "n", "x" * 81, "1", "1"],
        ["read", 1, "n", "self.n", "x" * 81, "1"],
    ],
    ids=["how", "unhashable", "ahead", "negative", "truth", "short", "value", "part", "long-what", "long-value"],
)
def test_a_touch_of_another_shape_is_refused(data: list[Any]) -> None:
    """Stories are made of them without another look."""
    record = copy.deepcopy(TOUCHED)
    record["events"][-4][5] = data
    with pytest.raises(ProtocolError):
        check(record, TOUCHES)


def drop(*path: Any) -> Callable[[Record], None]:
    """A change that takes `record[...][last]` away."""
    *way, last = path

    def change(record: Record) -> None:
        place: Any = record
        for step in way:
            place = place[step]
        del place[last]

    return change


ERROR = {"type": "ValueError", "message": "m", "frames": [["student", 1, "f"]], "thread": 0, "about": ""}
DEEP: Any = 1
for _ in range(NESTING_LIMIT + 1):
    DEEP = [DEEP]

CONTRADICTIONS: dict[str, Callable[[Record], None]] = {
    "no thread at all": put("threads", []),
    "too many threads": put("threads", [[n, "t", n - 1, "driver", 0, 0, -1, "", 1, 0] for n in range(4_001)]),
    "threads out of order": put("threads", 1, 0, 2),
    "main was started": put("threads", 0, 2, 0),
    "main began later": put("threads", 0, 5, 1),
    "main ended": put("threads", 0, 6, 30),
    "a thread of nobody": put("threads", 1, 2, -1),
    "a thread that started itself": put("threads", 1, 2, 1),
    "a thread started by a younger one": put("threads", 1, 2, 2),
    "a thread older than the one before it": put("threads", 2, 5, 9),
    "a thread started by one that had ended": put("threads", 1, 6, 12),
    "a thread that began after the end": put("threads", 2, 5, 31),
    "a thread that ended before it began": put("threads", 1, 6, 9),
    "a thread that ended after the end": put("threads", 1, 6, 31),
    "another's panic": put("threads", 1, 7, "KeyError"),
    "a negative count": put("threads", 1, 8, -1),
    "a count beyond all bounds": put("threads", 1, 9, 1 << 40),
    "an origin of no kind": put("threads", 1, 3, "judge"),
    "an end before the last event": put("virtual_ns", 29),
    "an end at a negative moment": put("virtual_ns", -1),
    "an end beyond all time": put("virtual_ns", 1 << 100),
    "two events in one step": put("events", 1, 0, 1),
    "a step of no number": put("events", 0, 0, 0),
    "time that falls": put("events", 18, 1, 20),
    "an event before time": put("events", 0, 1, -1),
    "an event of nobody": put("events", 7, 2, 3),
    "an event of a thread not yet there": put("events", 0, 2, 1),
    "an event of a thread that had ended": put("events", 18, 2, 1),
    "an event on a line below none": put("events", 7, 4, -1),
    "a start of nobody": put("events", 1, 5, [3]),
    "a start of main": put("events", 1, 5, [0]),
    "a start told twice": put("events", 3, 5, [1]),
    "a start by another": put("events", 3, 2, 0),
    "a start on another line": put("events", 3, 4, 6),
    "a start that is not told": drop("events", 3),
    "an end that is not told": drop("events", 5),
    "a second end": put("events", 6, [7, 20, 1, "end", 0, ["ValueError"]]),
    "an end of one that lives": put("events", 19, [10, 25, 2, "end", 0, [""]]),
    "a wait for itself": put("events", 2, 5, ["Thread.join", 0, 40, -1]),
    "a wait for nobody there": put("events", 2, 5, ["Thread.join", 3, 40, -1]),
    "a wait until no moment": put("events", 2, 5, ["Thread.join", 1, -2, -1]),
    "a wait of another shape": put("events", 2, 5, ["Thread.join", 1, 40]),
    "a wait for a truth value": put("events", 2, 5, ["Thread.join", True, 40, -1]),
    "a wait for a lock that was not told": put("events", 2, 5, ["Lock", 1, 40, 0]),
    "a sleep for ever": put("events", 18, 5, [-1]),
    "a sleep beyond all time": put("events", 18, 5, [1 << 100]),
    "a wake by magic": put("events", 19, 5, ["magic"]),
    "a note without a name": put("events", 7, 5, [1, 2]),
    "a note nested too deep": put("events", 7, 5, ["seen", DEEP]),
    "a note of a number beyond 64 bits": put("events", 7, 5, ["seen", [1 << 63]]),
    "a mark of more threads than there were": put("events", 0, 5, ["begin", 1, [[0, 1, 1], [1, 0, 0]]]),
    "a mark of fewer threads than there were": put(
        "events", 4, [5, 16, 1, "mark", 6, ["middle", 1, [[0, 2, 3], [1, 1, 2]]]]
    ),
    "a mark that lacks a thread": put("events", 4, 5, ["middle", 2, [[0, 2, 3], [1, 1, 2]]]),
    "a mark out of order": put("events", 4, 5, ["middle", 2, [[0, 2, 3], [2, 0, 0], [1, 1, 2]]]),
    "a counter that falls": put("events", 4, 5, ["middle", 2, [[0, 0, 3], [1, 1, 2], [2, 0, 0]]]),
    "a counter beyond its last value": put("events", 4, 5, ["middle", 2, [[0, 2, 10], [1, 1, 2], [2, 0, 0]]]),
    "a counter of another type": put("events", 4, 5, ["middle", 2, [[0, 2, 3.0], [1, 1, 2], [2, 0, 0]]]),
    "output to nowhere": put("events", 21, 5, ["stdin", "x"]),
    "output that is no text": put("events", 21, 5, ["stdout", 1]),
    "more events than asked for": put("events", [[n, 0, 0, "spin", 0, ["x"]] for n in range(1, 22)]),
    "more facts than asked for": put("events", [[n, 0, 0, "note", 0, ["x", 0]] for n in range(1, 22)]),
    "more details than asked for": put("events", [[n, 0, 0, "take", 0, [n - 1, "Lock", 0]] for n in range(1, 22)]),
    "a detail before its step": put("events", 8, 0, 7),
    "a switch to nobody there": put("events", 8, 5, [1, 3, 2, True]),
    "a switch to itself": put("events", 8, 5, [1, 0, 2, True]),
    "a switch after more choices than there were": put("events", 8, 5, [3, 2, 2, True]),
    "a switch among nobody": put("events", 8, 5, [1, 2, 0, True]),
    "a switch among more than there are": put("events", 8, 5, [1, 2, 4, True]),
    "a switch with a number for a truth": put("events", 8, 5, [1, 2, 2, 1]),
    "a switch of another shape": put("events", 8, 5, [1, 2, 2]),
    "a lock out of order": put("events", 9, 5, [1, "Lock", 3]),
    "a lock that was another before": put("events", 16, 5, [0, "RLock", 3]),
    "a lock made elsewhere than before": put("events", 16, 5, [0, "Lock", 4]),
    "a lock taken twice": drop("events", 16),
    "a lock given back twice": put("events", 17, 3, "give"),
    "a lock of no number": put("events", 9, 5, [True, "Lock", 3]),
    "a lock of no word": put("events", 9, 5, [0, 7, 3]),
    "a lock with a word without end": put("events", 9, 5, [0, "x" * 2_001, 3]),
    "a lock made on a line below none": put("events", 9, 5, [0, "Lock", -1]),
    "a task out of order": put("events", 12, 5, [1, "Task-1"]),
    "a task without a name": put("events", 12, 5, [0, None]),
    "a task that parks in another's step": put("events", 14, 5, [0, "Task", 2]),
    "a task that ends in no step": drop("events", 12),
    "a task that awaits one beyond the next": put("events", 14, 5, [1, "Task", 3]),
    "a task that parks on another thread": put("events", 14, 2, 0),
    "a task that ends by no word": put("events", 15, 5, [0, None]),
    "a taken line below none": put("waits", 0, 6, -1),
    "a negative number of details dropped": put("dropped_details", -1),
    "a negative number of events dropped": put("dropped_events", -1),
    "more choices than there were": put("points", 1),
    "choices of no form": put("choices", "0-1-1_"),
    "choices with a line break": put("choices", "0-1-1\n"),
    "choices of threads that are not there": put("choices", "0-1-3"),
    "choices after threads that are not there": put("choices", "3-1-0"),
    "two choices at one moment": put("choices", "0-1-1_0-1:2"),
    "preemptions that no choice made": put("preempted", 2),
    "choices that preempted nobody": put("preempted", 0),
    "more preemptions of one sort than in all": put("unpolled", 2),
    "branches that were not asked for": put("branches", [[0, 1, True, True, [1]]]),
    "choices of run-to-block": put("spec", "block"),
    "a digest that is none": put("digest", "\x1b[31m"),
    "a deadlock without anybody waiting": put("waits", []),
    "a deadlock of others only": drop("waits", 0),
    "a wait of one that had ended": put("waits", 1, 0, 1),
    "one waiting twice": put("waits", 1, 0, 0),
    "waits out of order": lambda record: record["waits"].reverse(),
    "a holder that waits for itself": put("waits", 0, 3, 0),
    "a holder that is not there": put("waits", 0, 3, 3),
    "a deadlock that a timer ends": put("waits", 0, 5, 40),
    "a scenario that returned and waits": put("outcome", "completed"),
    "an exception without its error": put("outcome", "raised"),
    "an error without an exception": put("error", ERROR),
    "a record not followed": put("outcome", "diverged"),
    "a result nested too deep": put("value", DEEP),
    "a result beyond 64 bits": put("value", -(1 << 63) - 1),
}


@pytest.mark.parametrize("what", CONTRADICTIONS)
def test_a_trace_that_contradicts_itself_is_refused(what: str) -> None:
    """Each rule has a trace that breaks it, and nothing else."""
    record = copy.deepcopy(WHOLE)
    CONTRADICTIONS[what](record)
    with pytest.raises(ProtocolError):
        check(record)


@pytest.mark.parametrize(
    "change",
    [put("error", {**ERROR, "thread": 3}), put("error", {**ERROR, "frames": [["student", 1, "f"]] * 65})],
    ids=["of a thread that is not there", "with frames without end"],
)
def test_an_error_must_fit_its_schedule(change: Callable[[Record], None]) -> None:
    """The outcome alone is not enough."""
    record = copy.deepcopy(WHOLE)
    record["outcome"], record["error"] = "raised", ERROR
    check(record)
    change(record)
    with pytest.raises(ProtocolError):
        check(record)


def test_a_light_trace_holds_facts_only() -> None:
    """What an exploration did not ask for is not looked at."""
    light = msgspec.structs.replace(REQUEST, full=False)
    with pytest.raises(ProtocolError, match="more events than were asked for"):
        check(WHOLE, light)
    facts = [event for event in WHOLE["events"] if event[3] in ("note", "mark", "output")]
    check({**WHOLE, "events": facts}, light)


def test_a_trace_with_events_left_out_need_not_tell_every_start() -> None:
    """A flood is cut, and says so."""
    record = copy.deepcopy(WHOLE)
    del record["events"][5], record["events"][3]
    record["dropped_events"] = 2
    check(record)


def test_main_does_not_wait_when_the_scenario_returned() -> None:
    """Threads that are left do."""
    record = copy.deepcopy(WHOLE)
    record["outcome"] = "completed"
    del record["waits"][0]
    check(record)


def test_the_engine_makes_no_more_threads_than_the_wire_takes() -> None:
    """The runner does not import `wire`, so its number is its own."""
    assert baton.MAX_THREADS <= wire.THREADS_LIMIT


@pytest.mark.parametrize(
    ("loaded", "problem"),
    [
        ({"phase": "ok", "error": ERROR, "api": []}, "contradicts itself"),
        ({"phase": "import", "error": None, "api": []}, "contradicts itself"),
        ({"phase": "import", "error": {**ERROR, "frames": [["student", 1, "f"]] * 65}, "api": []}, "65 frames"),
        ({"phase": "ok", "error": None, "api": [["missing", "other", "other()", "", 0]]}, "not asked for"),
        ({"phase": "import", "error": ERROR, "api": [["missing", "answer", "answer()", "", 0]]}, "not asked for"),
        ({"phase": "import", "error": ERROR, "api": [], "module": "ex89"}, "not to blame"),
        ({"phase": "ok", "error": None, "api": [], "module": "ex88"}, "not to blame"),
    ],
)
def test_what_loading_gave_must_answer_what_was_asked(loaded: Record, problem: str) -> None:
    """A problem of the API names what the stub promises."""
    record = msgspec.convert({**LOADED, **loaded}, wire.Loaded)
    with pytest.raises(ProtocolError, match=problem):
        check_loaded(record, REQUEST)


LOADED: Record = {"k": "loaded", "module": ""} | {
    name: () for name in wire.Loaded.__struct_fields__ if name not in ("phase", "error", "module")
}


def test_a_module_below_may_be_blamed_for_an_import_that_failed() -> None:
    """The accepting case: one that was sent along."""
    request = msgspec.structs.replace(REQUEST, dependencies=(wire.Dependency(module="ex88"),))
    record = {**LOADED, "phase": "import", "error": ERROR, "module": "ex88"}
    check_loaded(msgspec.convert(record, wire.Loaded), request)


def test_a_missing_name_of_the_api_may_be_told() -> None:
    """The accepting case."""
    problems = [["missing", "answer", "answer()", "", 0]]
    check_loaded(msgspec.convert({**LOADED, "phase": "ok", "error": None, "api": problems}, wire.Loaded), REQUEST)


@pytest.mark.parametrize("value", [0, -(1 << 63), (1 << 63) - 1, 1.5, "x", None, True, [], {}, [[1, {"a": []}]]])
def test_plain_values_are_plain(value: Any) -> None:
    """What scenarios note."""
    assert is_plain(value)


@pytest.mark.parametrize(
    ("branches", "problem"),
    [
        ([[0, 1, True, True, [1]], [0, 2, False, True, [0, 2]]], None),
        ([[0, 1, True, True, [1]]] * 2, "two branches"),
        (
            [[0, 1, True, True, [1]], [0, 2, True, True, [1]], [0, 3, True, True, [1]], [0, 4, True, True, [1]]],
            "where there were none",
        ),
        ([[0, 1, False, False, [1]]], "of its own accord"),
        ([[0, 1, True, True, []]], "not there"),
        ([[0, 1, True, True, [1, 1]]], "not there"),
        ([[0, 1, True, True, [3]]], "not there"),
        ([[3, 1, True, True, [1]]], "not there"),
        ([[0, 1, True, True, [0]]], "preempts itself"),
    ],
)
def test_branches_are_among_threads_of_the_run(branches: list[Any], problem: str | None) -> None:
    """The judge builds schedules from them."""
    record = copy.deepcopy(WHOLE) | {"spec": "tree.", "choices": "", "preempted": 0, "points": 3}
    record["branches"] = branches
    request = msgspec.structs.replace(REQUEST, schedules=(wire.ScheduleSpec("tree."),))
    if problem is None:
        check(record, request)
    else:
        with pytest.raises(ProtocolError, match=problem):
            check(record, request)
