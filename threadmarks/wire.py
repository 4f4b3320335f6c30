"""The wire between the judge and a runner: typed, versioned, size-capped.

The judge sends one `RunRequest` (JSON, length-prefixed) to a zygote; the runner that is forked for it answers with JSON
lines, in this order: one `Hello`, one `Loaded` (what the source is, before and after its import), one `ScheduleTrace`
per schedule asked for, one `End`. A missing `End` is a verdict. Whatever arrives is decoded into these types or refused:
a runner is untrusted. The trace schema knows virtual time, threads and events, and no word of Python, so that a runner
for another language can stand behind the same judge. The runner writes these shapes with the standard library's `json`
(`runner/emit.py`); `tests/test_wire.py` holds the two together.
"""

from enum import StrEnum
from typing import Any

import msgspec

from threadmarks.errors import ProtocolError

WIRE_VERSION = 1
LINE_LIMIT_BYTES = 8 << 20
"""The longest line that the judge accepts from a runner."""


class Outcome(StrEnum):
    """How one schedule of a scenario ended."""

    COMPLETED = "completed"  # the scenario returned
    RAISED = "raised"  # an exception left the scenario
    DEADLOCK = "deadlock"  # nobody can run and no timer is left
    STALLED = "stalled"  # only polls with a time-out happen, and nothing else can happen any more
    SPINNING = "spinning"  # the step limit was reached without an end in sight
    EXITED = "exited"  # the program ended its own process
    DIVERGED = "diverged"  # a replay asked for a choice that was not there


class EventKind(StrEnum):
    """What an event says. `data` is described beside each kind."""

    START = "start"  # [serial of the new thread]
    END = "end"  # [type name of the exception that ended the thread, or ""]
    WAIT = "wait"  # [what, serial of the holder or -1, deadline in ns or -1]
    SLEEP = "sleep"  # [deadline in ns]
    WAKE = "wake"  # ["granted" | "timeout" | "io"]
    NOTE = "note"  # [name, value]: a fact that the scenario recorded
    MARK = "mark"  # [name, threads started so far, [[serial, resumes, points], ...]]
    SPIN = "spin"  # [what]: the first time a thread is seen polling
    OUTPUT = "output"  # ["stdout" | "stderr", text]


class Event(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One thing that happened. Events are ordered by `step`; `time_ns` never falls."""

    step: int
    time_ns: int
    thread: int  # serial of the thread it happened on
    kind: EventKind
    line: int  # in the student's file; 0 when no frame of theirs was active
    data: tuple[Any, ...]  # plain JSON values, shaped as `EventKind` says


class ThreadRecord(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One thread of the program, from its creation to its end."""

    serial: int  # 0 is the main thread; others count up in order of creation
    name: str
    parent: int  # serial of the thread that started it; -1 for main
    origin: str  # "student" when the innermost frame of ours or theirs that started it was theirs, else "driver"
    line: int  # the student's line that started it; 0 when none
    started_ns: int
    ended_ns: int  # -1: alive at the end
    panic: str  # type name of the exception that ended it; "" when none
    resumes: int  # how often it was given the baton
    points: int  # how many preemption points it passed


class WaitRecord(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Who waits for what when a run ended: one row of the wait-for graph."""

    thread: int
    what: str  # "Lock", "Condition.wait", "Queue.get", "Thread.join", "sleep", ...
    made_line: int  # the student's line that made the thing; 0 when not theirs
    holder: int  # serial of the thread that must act first; -1 when nobody holds it
    line: int  # where it waits, in the student's file; 0 when in the driver
    deadline_ns: int  # -1: for ever


class Frame(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A frame of a traceback. `file` is "student", "driver" or "library"."""

    file: str
    line: int
    function: str


class ErrorRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An exception, told as text. `frames` are ordered from the outermost to the innermost."""

    type: str
    message: str
    frames: tuple[Frame, ...]
    thread: int
    about: str = ""  # "student" when it is about an object or a signature of the student's module


class PolicyHit(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A construct that the exercise's source policy forbids, and its line."""

    what: str
    line: int


class ApiProblem(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A name of the exercise's API that is missing or has another signature."""

    kind: str  # "missing", "not-callable", "signature"
    name: str  # "ThreadPool.execute"
    wanted: str  # the signature as the stub has it
    seen: str
    line: int


class ScheduleSpec(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """How to choose the next thread. `text` is the tail of a token, e.g. "block", "random.s17", "pct.d3.k412.s17"."""

    text: str


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one run may use. The wall limit stops a process that no longer answers; it decides no behaviour's mark."""

    cpu_s: int = 20
    wall_s: float = 30.0
    memory_bytes: int = 2 << 30
    file_bytes: int = 8 << 20
    open_files: int = 256
    processes: int = 4096
    output_bytes: int = 64 << 10  # per stream; what is beyond is counted and dropped
    steps: int = 2_000_000  # preemption points in one schedule
    events: int = 40_000
    stuck_s: float = 6.0  # real seconds after which a call that the engine does not control is named


class ApiEntry(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One callable that the stub promises. `parameters` are [name, kind, required]; kinds as `inspect` names them."""

    name: str  # "spawn", "JoinHandle", "JoinHandle.join"
    is_class: bool
    signature: str
    parameters: tuple[tuple[str, str, bool], ...]


class Dependency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another exercise's module that the submission may import (`builds_on`)."""

    module: str
    source: str


class RunRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One process's work: load the source, run one scenario under each schedule. `scenario` "" only loads."""

    version: int
    nonce: str
    module: str  # the name the source is imported under, e.g. "ex02"
    source: str
    scenario_source: str
    scenario: str
    schedules: tuple[ScheduleSpec, ...]
    full: bool  # True: every event; False: notes, marks and output only
    input_seed: int
    limits: Limits
    api: tuple[ApiEntry, ...] = ()
    forbidden_imports: tuple[str, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    network: bool = False  # whether sockets can be made; then on a loopback of its own


class Hello(msgspec.Struct, frozen=True, tag="hello", tag_field="k", forbid_unknown_fields=True):
    """The runner introduces itself."""

    version: int
    python: str  # "3.11"
    nonce: str


class Loaded(msgspec.Struct, frozen=True, tag="loaded", tag_field="k", forbid_unknown_fields=True):
    """What loading the source gave. `error` is a syntax error or whatever its import raised; `phase` says which."""

    phase: str  # "ok", "syntax", "import"
    error: ErrorRecord | None
    policy: tuple[PolicyHit, ...]
    api: tuple[ApiProblem, ...]


class ScheduleTrace(msgspec.Struct, frozen=True, tag="schedule", tag_field="k", forbid_unknown_fields=True):
    """What one schedule did."""

    spec: str
    outcome: Outcome
    virtual_ns: int
    threads: tuple[ThreadRecord, ...]
    events: tuple[Event, ...]
    dropped_events: int
    choices: str  # the recorded choices, in the form that a replay takes; "" when there was none to make
    points: int  # preemption points passed
    waits: tuple[WaitRecord, ...]
    error: ErrorRecord | None
    value: Any  # what the scenario returned, plain
    digest: str  # over everything that a replay must reproduce


class Stuck(msgspec.Struct, frozen=True, tag="stuck", tag_field="k", forbid_unknown_fields=True):
    """A call that the engine does not control did not come back. Ends the run; no `End` follows."""

    line: int
    function: str


class End(msgspec.Struct, frozen=True, tag="end", tag_field="k", forbid_unknown_fields=True):
    """Everything was sent. Without it the run does not count."""

    nonce: str
    schedules: int


Message = Hello | Loaded | ScheduleTrace | Stuck | End

_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)
_request_decoder = msgspec.json.Decoder(RunRequest)
_encoder = msgspec.json.Encoder()


def encode_request(request: RunRequest) -> bytes:
    """The bytes of a request."""
    return _encoder.encode(request)


def decode_request(data: bytes) -> RunRequest:
    """The request in `data`. Raises ProtocolError."""
    try:
        return _request_decoder.decode(data)
    except (msgspec.MsgspecError, RecursionError) as problem:
        raise ProtocolError(f"not a request of wire version {WIRE_VERSION}: {problem}") from None


def decode_line(line: bytes) -> Message:
    """The message in one line from a runner. Raises ProtocolError for anything that is not exactly one message."""
    if len(line) > LINE_LIMIT_BYTES:
        raise ProtocolError(f"a line of {len(line)} bytes; the limit is {LINE_LIMIT_BYTES}")
    try:
        return _decoder.decode(line)
    except (msgspec.MsgspecError, RecursionError) as problem:
        raise ProtocolError(f"not a message of wire version {WIRE_VERSION}: {problem}") from None
