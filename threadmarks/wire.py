"""The wire between the judge and a runner: typed, versioned, size-capped.

The judge sends one `RunRequest` (JSON, length-prefixed) to a zygote; the runner that is forked for it answers with JSON
lines, in this order: one `Hello`, one `Examined` if the request has a policy and the source can be parsed, one `Compiled` if that
is asked for and the source can be compiled (both sent before any of it is executed), one `Loaded` (what became of its import), one
`ScheduleTrace` per schedule asked for, one `End`.
A missing `End` is a verdict. Whatever arrives is decoded into these types or refused: a runner is untrusted. The trace
schema knows virtual time, threads and events, and no word of Python, so that a runner for another language can stand
behind the same judge. The runner writes these shapes with the standard library's `json` (`runner/emit.py`);
`tests/test_wire.py` holds the two together.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec

from threadmarks.errors import ProtocolError

WIRE_VERSION = 1
LINE_LIMIT_BYTES = 8 << 20
"""The longest line that the judge accepts from a runner."""
THREADS_LIMIT = 4_000
"""The most threads of one schedule, main included."""
TIME_LIMIT_NS = 1 << 96
"""Virtual moments are below this. Programs come nowhere near; a number of any length would break arithmetic on it."""

# The ranges below are held by the decoder itself. What goes beyond types and ranges is in `judge/wellformed.py`.
Natural = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
Count = Annotated[int, msgspec.Meta(ge=0, le=300_000_000)]
"""How often something happened. Three times the greatest still has nine digits, which is what a schedule's text takes."""
OrNobody = Annotated[int, msgspec.Meta(ge=-1, le=THREADS_LIMIT)]
"""The serial of a thread, or -1."""
Name = Annotated[str, msgspec.Meta(max_length=2_000)]
CHOICE = r"[0-9a-z]{1,4}-[0-9a-z]{1,8}[-:][0-9a-z]{1,4}"
"""One choice that differed from the default: "when this thread stood at this moment of its own, that one ran". `:` where the
thread could not have gone on, `-` where it was preempted."""
Choices = Annotated[str, msgspec.Meta(pattern=rf"^(?:{CHOICE}(?:_{CHOICE})*)?\Z")]
CODE_LIMIT = 2 << 20
Code = Annotated[str, msgspec.Meta(max_length=CODE_LIMIT, pattern=r"^[A-Za-z0-9+/=]*\Z")]
"""A compiled source, in letters; only runners look into it."""
Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{1,64}\Z")]


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
    WAIT = "wait"  # [what, serial of the holder or -1, deadline in ns or -1, number of the lock or -1]
    SLEEP = "sleep"  # [deadline in ns]
    WAKE = "wake"  # ["granted" | "timeout" | "io"]
    NOTE = "note"  # [name, value]: a fact that the scenario recorded
    MARK = "mark"  # [name, threads started so far, [[serial, resumes, points], ...]]
    SPIN = "spin"  # [what]: the first time a thread is seen polling
    OUTPUT = "output"  # ["stdout" | "stderr", text]
    # details: in full traces only; they share the step of the event before them
    TAKE = "take"  # [number of the lock in order of first sight, what, the student's line that made it]
    GIVE = "give"  # the same, when the lock is given back; `line` is where it was
    SWITCH = "switch"  # [choices so far, serial of the thread that runs next, how many could run, preempted]
    STEP = "step"  # [number of the task in order of first sight, its name]: a step of it begins on this thread
    PARK = "park"  # [number of the task, what it awaits, number of the task awaited or -1]: the step ends
    FINISH = "finish"  # [number of the task, type name of what ended it or ""]: its last step ends
    BLOCK = "block"  # [what, whether it waits (a WAKE ends it)]: a callback of an event loop holds up all that the loop runs
    TOUCH = (
        "touch"  # [how, object, part, what, before, after]: shared state is touched; only where a request asks for it
    )


FACTS = frozenset({EventKind.NOTE, EventKind.MARK, EventKind.OUTPUT})
"""What light traces hold too."""
DETAILS = frozenset(
    {
        EventKind.TAKE,
        EventKind.GIVE,
        EventKind.SWITCH,
        EventKind.STEP,
        EventKind.PARK,
        EventKind.FINISH,
        EventKind.BLOCK,
        EventKind.TOUCH,
    }
)
COUNTED_LOCK = "Semaphore"
"""The one kind of lock that several threads may have at once, and that one may give back which never took it."""


class TouchKind(StrEnum):
    """How shared state is touched: the first datum of a `touch`."""

    READ = "read"
    WRITE = "write"
    DELETE = "delete"
    SIGNAL = "signal"  # those who wait for the object are told to go on
    WAIT = "wait"  # the thread is about to wait for the object


TOUCH_TEXT = 80
"""The longest part, name or value of a `touch`.

`object` is its number in order of first sight, 0 for names that belong to no object. `part`: the name of a field, "[key]" of
an item, "[]" for the contents of a container as a whole, "" for the object itself. `what` is how the program spells it.
`before` and `after` are the value as text, "" where it cannot be told; of a signal and a wait: how many wait.
"""


class Event(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One thing that happened. Events are ordered by `step`, details after the event whose step they share; `time_ns`
    never falls.
    """

    step: Natural
    time_ns: int
    thread: Natural  # serial of the thread it happened on
    kind: EventKind
    line: Natural  # in the student's file; 0 when no frame of theirs was active
    data: tuple[Any, ...]  # plain JSON values, shaped as `EventKind` says


class ThreadRecord(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One thread of the program, from its creation to its end."""

    serial: Natural  # 0 is the main thread; others count up in order of creation
    name: Name
    parent: OrNobody  # serial of the thread that started it; -1 for main
    origin: Literal[
        "student", "driver"
    ]  # "student" when the innermost frame of ours or theirs that started it was theirs, else "driver"
    line: Natural  # the student's line that started it; 0 when none
    started_ns: int
    ended_ns: int  # -1: alive at the end
    panic: Name  # type name of the exception that ended it; "" when none
    resumes: Count  # how often it was given the baton
    points: Count  # how many preemption points it passed


class WaitRecord(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Who waits for what when a run ended: one row of the wait-for graph."""

    thread: Natural
    what: Name  # "Lock", "Condition.wait", "Queue.get", "Thread.join", "sleep", ...
    made_line: Natural  # the student's line that made the thing; 0 when not theirs
    holder: OrNobody  # serial of the thread that must act first; -1 when nobody holds it
    line: Natural  # where it waits, in the student's file; 0 when in the driver
    deadline_ns: int  # -1: for ever
    taken_line: Natural = 0  # the student's line where the holder took it; 0 when not theirs, or not known (light runs)


class Frame(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A frame of a traceback."""

    file: Literal["student", "driver", "library"]
    line: Natural
    function: Name


class ErrorRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An exception, told as text. `frames` are ordered from the outermost to the innermost."""

    type: Name
    message: str
    frames: tuple[Frame, ...]
    thread: Natural
    about: Literal["", "student"] = ""  # "student" when it is about an object or a signature of the student's module


class PolicyHit(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Something that the exercise's source policy forbids, and its first line."""

    kind: Name  # of `runner.constructs.KINDS`: which rule it breaks
    what: Name  # in words that go on "your file uses ..."
    line: Natural
    module: Name = ""  # of the dependency in which it stands; "" for the submission itself


class ApiProblem(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A name of the exercise's API that is missing or has another signature."""

    kind: Literal["missing", "not-callable", "signature"]
    name: str  # "ThreadPool.execute"
    wanted: str  # the signature as the stub has it
    seen: str
    line: Natural


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


class SourcePolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the source is searched for. Module names: "a" stands for "a.b" too."""

    allowed_imports: tuple[str, ...] = ()  # empty: all that are not forbidden
    forbidden_imports: tuple[str, ...] = ()
    reflection: bool = False  # True: search for the constructs of `runner.constructs`
    may_replace: tuple[str, ...] = ()  # dotted names that it may give another value all the same


class Dependency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another exercise's module that the submission may import (`builds_on`): one of the learner's own, or an opaque one."""

    module: str
    source: str = ""  # the learner's own: searched and scheduled like the submission
    opaque: bytes = b""  # else: made ready by the judge for the runner it knows; its source stays with the judge
    policy: SourcePolicy | None = None  # what the source is searched for; None: it is not searched
    compiled: Code = ""  # what another run made of the learner's own; "": it is searched and compiled anew


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
    policy: SourcePolicy | None = None  # None: the source is not searched
    dependencies: tuple[Dependency, ...] = ()  # in the order in which they are to be loaded
    network: bool = False  # whether sockets can be made; then on a loopback of its own
    touches: bool = False  # whether `touch` events are wanted; then with `full`
    compiled: Code = ""  # what another run made of the same source; "": it is compiled anew
    wants_compiled: bool = False


class Hello(msgspec.Struct, frozen=True, tag="hello", tag_field="k", forbid_unknown_fields=True):
    """The runner introduces itself."""

    version: int
    python: str  # "3.11"
    nonce: str


class Examined(msgspec.Struct, frozen=True, tag="examined", tag_field="k", forbid_unknown_fields=True):
    """What the source holds, read from its syntax tree before any of it was executed: nothing that runs can unsay it."""

    policy: tuple[PolicyHit, ...]


class Compiled(msgspec.Struct, frozen=True, tag="compiled", tag_field="k", forbid_unknown_fields=True):
    """What the runner made of the source, before any of it was executed, for the runs that follow. The judge only passes it on."""

    code: Code  # "" when it cannot be passed on
    dependencies: tuple[Code, ...] = ()  # the same of each that is the learner's own, in their order


class Loaded(msgspec.Struct, frozen=True, tag="loaded", tag_field="k", forbid_unknown_fields=True):
    """What loading the source gave. `error` is a syntax error or whatever its import raised; `phase` says which."""

    phase: Literal["ok", "syntax", "import"]
    error: ErrorRecord | None
    api: tuple[ApiProblem, ...]
    module: Name = ""  # the dependency that could not be loaded; "": the error is the submission's


class Branch(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A choice that was made as by default, and who could have run instead."""

    thread: Natural  # whose act led to the choice
    moment: Count  # which of that thread's moments it was
    preempts: bool  # whether another choice would have preempted it
    polled: bool  # whether the interpreter that ran it could have made another choice of its own accord
    others: tuple[Natural, ...]  # serials


class ScheduleTrace(msgspec.Struct, frozen=True, tag="schedule", tag_field="k", forbid_unknown_fields=True):
    """What one schedule did."""

    spec: str
    outcome: Outcome
    virtual_ns: int
    threads: tuple[ThreadRecord, ...]
    events: tuple[Event, ...]
    dropped_events: Count
    choices: Choices  # the recorded choices, in the form that a replay takes; "" when there was none to make
    points: Count  # preemption points passed
    waits: tuple[WaitRecord, ...]
    error: ErrorRecord | None
    value: Any  # what the scenario returned, plain
    digest: Digest  # over everything that a replay must reproduce
    preempted: Count = 0  # how often a thread was stopped that could have gone on
    unpolled: Count = 0  # of these: where the interpreter that ran it would not have switched of its own accord
    dropped_details: Count = 0  # left out for want of room; light traces have none
    branches: tuple[Branch, ...] = ()  # the choices after the last recorded one; only for schedules that ask for them


class Stuck(msgspec.Struct, frozen=True, tag="stuck", tag_field="k", forbid_unknown_fields=True):
    """A call that the engine does not control did not come back. Ends the run; no `End` follows."""

    line: Natural
    function: Name


class End(msgspec.Struct, frozen=True, tag="end", tag_field="k", forbid_unknown_fields=True):
    """Everything was sent. Without it the run does not count."""

    nonce: str
    schedules: Natural


Message = Hello | Examined | Compiled | Loaded | ScheduleTrace | Stuck | End

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
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
        raise ProtocolError(f"not a request of wire version {WIRE_VERSION}: {problem}") from None


def decode_line(line: bytes) -> Message:
    """The message in one line from a runner. Raises ProtocolError for anything that is not exactly one message."""
    if len(line) > LINE_LIMIT_BYTES:
        raise ProtocolError(f"a line of {len(line)} bytes; the limit is {LINE_LIMIT_BYTES}")
    try:
        return _decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
        raise ProtocolError(f"not a message of wire version {WIRE_VERSION}: {problem}") from None
