"""Turns what a run left into trusted values, or into the reason why there are none.

The order is fixed: `Hello`, `Examined` and `Compiled` where they are due, `Loaded`, the schedules exactly as asked, `End`, and nothing
after it. Whatever a runner sends otherwise is the submission's doing once the runner has said hello: it becomes a
`Broken` answer, never a pass and never a grader fault. Before the hello no line of the student's has run; a runner lost
there is a `SandboxError`.
"""

import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from threadmarks import wire
from threadmarks.errors import ProtocolError, SandboxError
from threadmarks.judge.wellformed import check_loaded, check_trace
from threadmarks.runner.constructs import KINDS
from threadmarks.sandbox.frames import ENGINE_FAILED
from threadmarks.sandbox.host import RawRun, Stop

_KILLED, _OUT_OF_TIME = (-getattr(signal, name, 1 << 20) for name in ("SIGKILL", "SIGXCPU"))
"""Exit codes; on a system without these signals no process ends so."""
_SAMPLED = 1 / 4
"""The kernel keeps its limit on processor time by what runs at its ticks. On a busy machine that is far from its exact account: a
process that was killed with this share of the limit used was killed by it."""


class Broken(Enum):
    """Why an answer is not complete. The values are finding codes."""

    DIED = "died"
    TIME_LIMIT = "time-limit"
    MEMORY_LIMIT = "memory-limit"
    OUTPUT_LIMIT = "output-limit"
    MALFORMED = "malformed-answer"
    STUCK = "uncontrolled-call"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one run told.

    `broken` is None exactly when the end was marked after every schedule asked for, or after one in which the program ended
    its own process.
    """

    loaded: wire.Loaded | None
    policy: tuple[wire.PolicyHit, ...] = ()  # what the source was found to hold; empty when it was not asked for
    compiled: wire.Compiled | None = None  # for other runs; None when it was not asked for, or the source is no Python
    traces: tuple[wire.ScheduleTrace, ...]  # the first ones of those asked for, in that order
    broken: Broken | None = None
    stuck: wire.Stuck | None = None
    detail: str = ""  # for `broken`: how the process ended, in words


def decode(raw: RawRun, request: wire.RunRequest) -> Answer:
    """The answer in a raw run. Raises SandboxError when the runner was lost before any of the student's code ran."""
    reader = _Reader(request)
    problem = ""
    try:
        for line in _complete_lines(raw.wire):
            reader.take(line)
    except ProtocolError as error:
        problem = str(error)
    if raw.stop is Stop.CANCELLED:
        raise SandboxError("the run was cancelled")
    if not reader.greeted:
        raise SandboxError(
            f"the runner gave no hello: {_how_it_ended(raw)}; {problem}; {raw.stray.decode(errors='replace')}"
        )
    if reader.ended and not problem:
        return Answer(loaded=reader.loaded, policy=reader.policy, compiled=reader.compiled, traces=tuple(reader.traces))
    broken, detail = _reason(raw, request, reader, problem)
    return Answer(
        loaded=reader.loaded,
        policy=reader.policy,
        compiled=reader.compiled,
        traces=tuple(reader.traces),
        broken=broken,
        stuck=reader.stuck,
        detail=detail,
    )


def _complete_lines(data: bytes) -> Iterator[bytes]:
    """The lines that were sent whole; a torn last line was never finished and says nothing.

    One after the other: a flood of empty lines is refused at the first, and not collected before.
    """
    start = 0
    while (end := data.find(b"\n", start)) >= 0:
        yield data[start:end]
        start = end + 1


def _reason(raw: RawRun, request: wire.RunRequest, reader: "_Reader", problem: str) -> tuple[Broken, str]:
    """Why the answer is not complete. The limits come first: a run stopped in the middle of a line is not malformed."""
    limit = _limit_reached(raw, request.limits)
    if limit is not None:
        return limit
    if problem:
        return Broken.MALFORMED, problem
    if reader.stuck:
        return Broken.STUCK, ""
    last_words = raw.stray.decode(errors="replace").strip()
    if raw.exit_code == ENGINE_FAILED and last_words:
        return Broken.DIED, f"the engine gave up: {last_words.splitlines()[-1]}"
    return Broken.DIED, _how_it_ended(raw)


def _limit_reached(raw: RawRun, limits: wire.Limits) -> tuple[Broken, str] | None:
    """The limit that ended the run, and how."""
    killed_for_cpu = raw.exit_code == _KILLED and raw.cpu_s >= limits.cpu_s * _SAMPLED
    if raw.stop is Stop.DEADLINE:
        return Broken.TIME_LIMIT, f"it was still running after {limits.wall_s:g} seconds"
    if raw.stop in (Stop.WIRE_FLOOD, Stop.OUTPUT_FLOOD):
        return Broken.OUTPUT_LIMIT, "it wrote without end"
    if raw.exit_code == _OUT_OF_TIME or killed_for_cpu:
        return Broken.TIME_LIMIT, f"it used {limits.cpu_s} seconds of processor time"
    if b"MemoryError" in raw.stray:
        return Broken.MEMORY_LIMIT, _how_it_ended(raw)
    return None


def _how_it_ended(raw: RawRun) -> str:
    if raw.exit_code >= 0:
        return f"the process ended with exit code {raw.exit_code}"
    try:
        name = signal.Signals(-raw.exit_code).name
    except ValueError:
        name = str(-raw.exit_code)
    return f"the process was ended by signal {name}"


def searched(request: wire.RunRequest) -> list[str]:
    """The dependencies whose source is searched."""
    return [each.module for each in request.dependencies if each.policy is not None]


class _Reader:
    """Accepts messages in the one order that is right. Raises ProtocolError for any other."""

    def __init__(self, request: wire.RunRequest) -> None:
        self._request = request
        self.greeted = False
        self._examined = False
        self.policy: tuple[wire.PolicyHit, ...] = ()
        self.compiled: wire.Compiled | None = None
        self.loaded: wire.Loaded | None = None
        self.traces: list[wire.ScheduleTrace] = []
        self.stuck: wire.Stuck | None = None
        self.ended = False

    def take(self, line: bytes) -> None:
        """Take the next line."""
        message = wire.decode_line(line)
        if self.ended or self.stuck:
            raise ProtocolError("a message after the end")
        if not self.greeted:
            self._greet(message)
        elif isinstance(message, wire.Stuck):
            self.stuck = message
        elif isinstance(message, wire.Examined):
            self._examine(message)
        elif isinstance(message, wire.Compiled):
            self._compiled(message)
        elif self.loaded is None:
            if not isinstance(message, wire.Loaded):
                raise ProtocolError(f"{type(message).__name__} where Loaded was due")
            self._load(message)
        elif isinstance(message, wire.ScheduleTrace):
            self._schedule(message)
        elif isinstance(message, wire.End):
            self._end(message)
        else:
            raise ProtocolError(f"a second {type(message).__name__}")

    def _greet(self, message: wire.Message) -> None:
        if not isinstance(message, wire.Hello):
            raise ProtocolError(f"{type(message).__name__} where Hello was due")
        if message.version != wire.WIRE_VERSION or message.nonce != self._request.nonce:
            raise ProtocolError("a hello of another version or for another run")
        python = f"{sys.version_info[0]}.{sys.version_info[1]}"
        if message.python != python:
            raise ProtocolError(f"the runner has Python {message.python}, the judge {python}")
        self.greeted = True

    def _examine(self, message: wire.Examined) -> None:
        if self._request.policy is None or self._examined or self.loaded is not None:
            raise ProtocolError("an Examined that was not due")
        if any(hit.kind not in KINDS for hit in message.policy):
            raise ProtocolError("a policy hit of an unknown kind")
        if any(hit.module not in ("", *searched(self._request)) for hit in message.policy):
            raise ProtocolError("a policy hit in a module that was not to be searched")
        self._examined = True
        self.policy = message.policy

    def _compiled(self, message: wire.Compiled) -> None:
        """Taken once, and before the first line of the source ran: it cannot come from there."""
        if not self._request.wants_compiled or self.compiled is not None or self.loaded is not None:
            raise ProtocolError("a Compiled that was not due")
        if len(message.dependencies) != sum(not each.opaque for each in self._request.dependencies):
            raise ProtocolError("a Compiled with more or less dependencies than there are")
        self.compiled = message

    def _load(self, message: wire.Loaded) -> None:
        if self._request.policy is not None and not self._examined and message.phase != "syntax":
            raise ProtocolError("a Loaded where Examined was due")
        if self._request.wants_compiled and self.compiled is None and message.phase != "syntax":
            raise ProtocolError("a Loaded where Compiled was due")
        check_loaded(message, self._request)
        self.loaded = message

    def _schedule(self, message: wire.ScheduleTrace) -> None:
        asked = self._due()
        if len(self.traces) >= len(asked):
            raise ProtocolError("more schedules than were asked for")
        if self._exited():
            raise ProtocolError("a schedule after one that ended the process")
        if message.spec != asked[len(self.traces)].text:
            raise ProtocolError(f"schedule {message.spec!r} where {asked[len(self.traces)].text!r} was due")
        check_trace(message, self._request)
        self.traces.append(message)

    def _end(self, message: wire.End) -> None:
        answered = len(self.traces)
        # A program that ends its own process ends what was still to come, and that is all it ends.
        whole = answered == len(self._due()) or self._exited()
        if message.nonce != self._request.nonce or message.schedules != answered or not whole:
            raise ProtocolError("an end that does not close this run")
        self.ended = True

    def _exited(self) -> bool:
        return bool(self.traces) and self.traces[-1].outcome is wire.Outcome.EXITED

    def _due(self) -> tuple[wire.ScheduleSpec, ...]:
        """The schedules that must follow: none when the source could not be loaded, or when loading was all."""
        assert self.loaded is not None
        return self._request.schedules if self.loaded.phase == "ok" and self._request.scenario else ()
