"""What an accepted answer must look like, told a second time and in another way than the judge tells it.

Reads the very bytes with the standard library's `json`, not the judge's decoded records, and shares no line of code with
`judge/wellformed.py`: a rule that was forgotten or mistaken there shows here. Slow and plain on purpose.
"""

import json
import re
from itertools import pairwise
from typing import Any

from threadmarks import wire

FACTS = ("note", "mark", "output")
DETAILS = ("take", "give", "switch", "step", "park", "finish", "block", "touch")
OUTCOMES = ("completed", "raised", "deadlock", "stalled", "spinning", "exited", "diverged")


def hold(data: bytes, request: wire.RunRequest, *, traces: int, whole: bool) -> None:
    """Hold the bytes of an accepted answer with so many traces against the protocol. Raises AssertionError.

    `whole`: the judge took it as complete, with its end.
    """
    messages = []
    for line in data.split(b"\n")[:-1]:  # of an answer that is not whole, only what was taken
        messages.append(json.loads(line))
        if not whole and sum(message["k"] == "schedule" for message in messages) == traces:
            break
    assert messages[0]["k"] == "hello"
    assert messages[0]["nonce"] == request.nonce
    schedules = [message for message in messages if message["k"] == "schedule"][:traces]
    assert [message["spec"] for message in schedules] == [spec.text for spec in request.schedules][:traces]
    for message in schedules:
        hold_schedule(message, request)
    assert all(message["outcome"] != "exited" for message in schedules[:-1])
    if whole:
        messages = [message for message in messages if message["k"] not in ("examined", "compiled")]
        assert [message["k"] for message in messages] == ["hello", "loaded", *["schedule"] * traces, "end"]
        assert (messages[-1]["nonce"], messages[-1]["schedules"]) == (request.nonce, traces)
        loaded = messages[1]["phase"] == "ok" and bool(request.scenario)
        cut = bool(schedules) and schedules[-1]["outcome"] == "exited"
        assert cut or traces == (len(request.schedules) if loaded else 0)


def hold_schedule(message: dict[str, Any], request: wire.RunRequest) -> None:
    """One schedule's record."""
    assert message["outcome"] in OUTCOMES
    end = message["virtual_ns"]
    threads = message["threads"]
    assert [row[0] for row in threads] == list(range(len(threads)))
    assert 1 <= len(threads) <= 4_000
    assert threads[0][2] == -1
    for serial, _, parent, origin, line, born, died, _, resumes, points in threads:
        assert origin in ("student", "driver")
        assert min(line, resumes, points, born) >= 0
        assert born <= end
        assert died == -1 or born <= died <= end
        if serial:
            assert 0 <= parent < serial
            mother = threads[parent]
            assert mother[5] <= born
            assert mother[6] == -1 or born <= mother[6]
            assert threads[serial - 1][5] <= born
    hold_events(message, request)
    hold_end(message)
    hold_numbers(message)


def hold_events(message: dict[str, Any], request: wire.RunRequest) -> None:
    """Order, times, and what each kind says."""
    events, threads = message["events"], message["threads"]
    for (step, time, *_), (next_step, next_time, _, next_kind, *_) in pairwise(events):
        assert step <= next_step if next_kind in DETAILS else step < next_step
        assert time <= next_time
    facts = [event for event in events if event[3] in FACTS]
    assert len(facts) <= request.limits.events
    details = [event for event in events if event[3] in DETAILS]
    most = request.limits.events if request.full else 0
    assert len(details) <= most
    assert len(events) - len(facts) - len(details) <= most
    hold_details(details, len(threads))
    assert request.touches or all(event[3] != "touch" for event in details)
    for step, time, thread, kind, line, data in events:
        assert step >= (kind not in DETAILS)
        assert line >= 0
        row = threads[thread]
        assert row[5] <= time <= message["virtual_ns"]
        assert row[6] == -1 or time <= row[6] or kind in ("output", "switch")
        if kind not in DETAILS:
            hold_data(kind, data, thread, time, line, threads)
    starts = [event[5][0] for event in events if event[3] == "start"]
    ends = [event[2] for event in events if event[3] == "end"]
    assert starts == sorted(set(starts))
    assert len(ends) == len(set(ends))
    if request.full and not message["dropped_events"]:
        assert starts == [row[0] for row in threads[1:]]
        assert sorted(ends) == [row[0] for row in threads if row[6] != -1]
    marks = [event[5] for event in events if event[3] == "mark"]
    final = [[row[0], row[8], row[9]] for row in threads]
    for before, after in pairwise([*(mark[2] for mark in marks), final]):
        assert len(before) <= len(after)
        for old, new in zip(before, after, strict=False):
            assert old[0] == new[0]
            assert 0 <= old[1] <= new[1]
            assert 0 <= old[2] <= new[2]


def hold_data(kind: str, data: list[Any], thread: int, time: int, line: int, threads: list[list[Any]]) -> None:
    """The data of one event, as `wire.EventKind` describes it."""
    match kind, data:
        case "start", [int(serial)]:
            child = threads[serial]
            assert serial > 0
            assert (child[2], child[5], child[4]) == (thread, time, line)
        case "end", [str(panic)]:
            assert (threads[thread][7], threads[thread][6]) == (panic, time)
        case "wait", [str(), int(holder), int(deadline), int(lock)]:
            assert lock >= -1
            assert -1 <= holder < len(threads)
            assert holder != thread
            assert deadline >= -1
        case "sleep", [int(deadline)]:
            assert deadline >= 0
        case "wake", ["granted" | "timeout" | "io"]:
            pass
        case "note", [str(), _]:
            pass
        case "mark", [str(), int(started), list(rows)]:
            assert [row[0] for row in rows] == list(range(started + 1))
            assert all(len(row) == 3 for row in rows)
            assert all(row[5] <= time for row in threads[: started + 1])
            assert all(row[5] >= time for row in threads[started + 1 :])
        case "spin", [str()]:
            pass
        case "output", ["stdout" | "stderr", str()]:
            pass
        case _:
            raise AssertionError(f"{kind} {data!r}")


def hold_details(details: list[Any], count: int) -> None:
    """Locks are numbered, one has them or several; tasks are numbered; a step ends on the thread where it began."""
    locks: list[list[Any]] = []
    held: set[int] = set()
    tasks = things = 0
    under_way: dict[int, list[int]] = {}
    for _, _, thread, kind, _, data in details:
        match kind, data:
            case (("take" | "give"), [int(number), str(what), int(line)]):
                assert 0 <= number <= len(locks)
                assert line >= 0
                locks += [[what, line]] if number == len(locks) else []
                assert locks[number] == [what, line]
                if what != "Semaphore":
                    assert (number in held) == (kind == "give")
                    held ^= {number}
            case "switch", [int(choice), int(following), int(could), bool()]:
                assert choice >= 0
                assert 0 <= following < count
                assert following != thread
                assert 1 <= could <= count
            case "step", [int(number), str()]:
                assert 0 <= number <= tasks
                tasks = max(tasks, number + 1)
                under_way.setdefault(thread, []).append(number)
            case "park", [int(number), str(), int(awaited)]:
                assert -1 <= awaited <= tasks
                tasks = max(tasks, awaited + 1)
                assert under_way[thread].pop() == number
            case "finish", [int(number), str()]:
                assert under_way[thread].pop() == number
            case "block", [str(), bool()]:
                pass
            case "touch", ["read" | "write" | "delete" | "signal" | "wait", int(thing), *texts]:
                assert 0 <= thing <= things + 1
                things = max(things, thing)
                assert len(texts) == 4
                assert all(isinstance(text, str) and len(text) <= 80 for text in texts)
            case _:
                raise AssertionError(f"{kind} {data!r}")


def hold_end(message: dict[str, Any]) -> None:
    """The wait-for graph, the error, the choices."""
    threads, outcome = message["threads"], message["outcome"]
    waiting = [row[0] for row in message["waits"]]
    assert waiting == sorted(set(waiting))
    assert {serial for serial in waiting if serial} == {row[0] for row in threads[1:] if row[6] == -1}
    assert outcome == "diverged" or (0 in waiting) == (outcome != "completed")
    for thread, _, made, holder, line, deadline, *taken in message["waits"]:
        assert min(made, line, *taken) >= 0
        assert -1 <= holder < len(threads)
        assert holder != thread
        assert deadline >= -1
        assert outcome != "deadlock" or deadline == -1
    assert (message["error"] is not None) == (outcome == "raised")
    if message["error"]:
        assert 0 <= message["error"]["thread"] < len(threads)
        assert all(
            frame[0] in ("student", "driver", "library") and frame[1] >= 0 for frame in message["error"]["frames"]
        )
    assert outcome != "diverged" or message["spec"].startswith(("replay.", "tree."))
    choices = [[int(part, 36) for part in re.split("[-:]", text)] for text in message["choices"].split("_") if text]
    assert message.get("preempted", 0) == sum(":" not in text for text in message["choices"].split("_") if text)
    assert 0 <= message.get("unpolled", 0) <= message.get("preempted", 0)
    branches = message.get("branches", ())
    assert len(choices) + len(branches) <= message["points"]
    assert all(max(thread, chosen) < len(threads) for thread, _, chosen in choices)
    assert len({(thread, moment) for thread, moment, _ in choices}) == len(choices)
    assert not choices or message["spec"] != "block"
    assert not branches or message["spec"].startswith("tree.")
    assert len({(thread, moment) for thread, moment, *_ in branches}) == len(branches)
    for thread, moment, preempts, polled, others in branches:
        assert moment >= 0
        assert type(preempts) is type(polled) is bool
        assert preempts or polled
        assert 0 < len(others) == len(set(others))
        assert all(0 <= serial < len(threads) for serial in (thread, *others))
        assert not (preempts and thread in others)


def hold_numbers(value: Any, depth: int = 0) -> None:
    """No number, wherever it stands, that later arithmetic or another parser could not take; no endless nesting, no half
    of a surrogate pair.
    """
    assert depth < 20
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            hold_numbers(item, depth + 1)
        if isinstance(value, dict):
            hold_numbers(list(value), depth + 1)
    elif isinstance(value, str):
        value.encode()
    elif isinstance(value, int | float):
        assert -(1 << 96) <= value < (1 << 96) or (isinstance(value, float) and value - value == 0)
