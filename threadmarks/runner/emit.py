"""Writing the wire: JSON lines in the shapes of `wire`, with the standard library's `json`.

The runner does not import `wire` (its decoder is the judge's, and not in reach here); `tests/test_wire.py` holds the two
together.
"""

import binascii
import json
import marshal
from collections.abc import Callable
from types import CodeType
from typing import Any

from threadmarks.runner import originals
from threadmarks.runner.baton import Scheduler
from threadmarks.runner.recorder import digest
from threadmarks.runner.strategies.replay import encode_choices
from threadmarks.runner.strategies.tree import Tree
from threadmarks.runner.threads import ControlledThread
from threadmarks.runner.values import type_name

WIRE_VERSION = 1
CODE_LIMIT = 2 << 20
"""Of compiled code in letters; what is longer is compiled anew by each run."""
ALL_CODE_LIMIT = 3 * CODE_LIMIT
"""Of all the code in a message, which has to stay below `wire.LINE_LIMIT_BYTES`."""


class Line:
    """Where messages go. Uses functions bound at start, so that a later change to `json` or `os` does not reach it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._encode: Callable[[Any], str] = json.JSONEncoder(
            ensure_ascii=True, separators=(",", ":"), allow_nan=False
        ).encode
        self._write = originals.write

    def send(self, message: dict[str, Any]) -> None:
        """Write one message as one line."""
        data = memoryview(self._encode(message).encode("ascii") + b"\n")
        while data:
            data = data[self._write(self._descriptor, data) :]


def code_message(code: CodeType, dependencies: list[CodeType]) -> dict[str, Any]:
    """A `wire.Compiled`."""
    texts: list[str] = []
    for each in (code, *dependencies):
        text = _letters(each)
        fits = len(text) <= CODE_LIMIT and sum(map(len, texts)) + len(text) <= ALL_CODE_LIMIT
        texts.append(text if fits else "")
    return {"k": "compiled", "code": texts[0], "dependencies": texts[1:]}


def _letters(code: CodeType) -> str:
    try:
        return binascii.b2a_base64(marshal.dumps(code), newline=False).decode("ascii")
    except ValueError:  # it is nested deeper than marshal goes
        return ""


def code_of(text: str) -> CodeType:
    """The code in a `wire.Compiled`. It may have been made from anything: look at it where it may be run."""
    code: CodeType = marshal.loads(binascii.a2b_base64(text))  # noqa: S302  # in the sandbox, and of the source that is run here
    return code


def thread_rows(scheduler: Scheduler) -> list[list[Any]]:
    """`wire.ThreadRecord` rows."""
    return [
        [
            thread.serial,
            _name(thread),
            thread.parent,
            thread.origin,
            thread.line,
            thread.started_ns,
            thread.ended_ns,
            thread.panic,
            thread.resumes,
            thread.points,
        ]
        for thread in scheduler.threads
    ]


def schedule_message(
    scheduler: Scheduler, spec: str, error: dict[str, Any] | None, value: Any, dropped_output: int
) -> dict[str, Any]:
    """A `wire.ScheduleTrace`."""
    recorder = scheduler.recorder
    threads = thread_rows(scheduler)
    choices = encode_choices(scheduler.deviations)
    facts = [event for event in recorder.events if event[3] in ("note", "mark", "output")]
    message = {
        "k": "schedule",
        "spec": spec,
        "outcome": scheduler.outcome,
        "virtual_ns": scheduler.clock.now_ns,
        "threads": threads,
        "events": recorder.events,
        "dropped_events": recorder.dropped + bool(dropped_output),
        "dropped_details": recorder.dropped_details,
        "choices": choices,
        "points": scheduler.contended,
        "preempted": scheduler.preempted,
        "unpolled": scheduler.unpolled,
        "waits": scheduler.waits,
        "error": error,
        "value": value,
        "digest": digest([scheduler.outcome, scheduler.clock.now_ns, threads, facts, choices, error, value]),
    }
    if isinstance(scheduler.strategy, Tree):
        message["branches"] = scheduler.strategy.branches
    return message


def _name(thread: ControlledThread) -> str:
    """The Thread's name as its object holds it, asked without running a subclass's own property."""
    if thread.serial == 0:
        return "main"
    try:
        name = object.__getattribute__(thread.thread_object, "_name")
    except AttributeError:
        return f"thread-{thread.serial}"
    if type(name) is not str:
        return type_name(type(name))
    return name[:80].encode("utf-8", "backslashreplace").decode("utf-8")
