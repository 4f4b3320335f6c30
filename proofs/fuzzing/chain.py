"""One input through everything in the judge that touches a runner's bytes: decoded, judged, asked, drawn, told.

The input is five bytes that say how the process ended and to which request it answers, then what came over the wire.
"""

import contextlib
import signal
import sys
from dataclasses import dataclass, fields, replace
from itertools import pairwise

import msgspec

from proofs.fuzzing import oracle
from threadmarks import wire
from threadmarks.errors import GraderFault, SandboxError
from threadmarks.judge.decode import Answer, decode
from threadmarks.judge.failure import CheckFailed, Failure, located
from threadmarks.judge.loading import file_failure
from threadmarks.judge.outcomes import failure_of_broken, failure_of_trace
from threadmarks.judge.scoring import make_report
from threadmarks.judge.timeline import timeline
from threadmarks.judge.trace import Trace
from threadmarks.model import CheckResult, CheckSpec, Evidence, Report, Verdict, Visibility
from threadmarks.report import json, text
from threadmarks.sandbox.host import RawRun, Stop
from threadmarks.sandbox.saferead import Source

HEADER = 5
STRAYS = (b"", b"\n", b" \x1c ", b"MemoryError", b"Traceback\nE: \xff\x1b[2J\n", b"\xe2\x80\xae\r\n\r\n", b"x" * 400)
EXITS = (0, 1, 97, 70, -9, -11, -24, -15, -200, 255)
STOPS = tuple(Stop)
SOURCE = Source(file="we\x1bird\n\u202ename\udcff.py", text="import threading\n\x1b[31m# \u202e\x0c\r\n" * 20)
SPEC = CheckSpec(
    name="fuzzed", title="It holds", points=1, visibility=Visibility.VISIBLE, concept="c", evidence=Evidence.TRACE
)
WIDTHS = (40, 80, 100)
_strict = msgspec.json.Decoder()


class Malformed(AssertionError):
    """The judge accepted what it must not, or told it in a way that it must not."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of an input: for the figures at the end."""

    greeted: bool
    whole: bool
    traces: int


def header(request: int, *, exit_code: int = 0, stop: int = 0, stray: int = 0, cpu: int = 0) -> bytes:
    """The first bytes of an input."""
    return bytes([request, exit_code, stop, stray, cpu])


def run(data: bytes, requests: list[wire.RunRequest]) -> Seen:
    """Judge one input. Raises whatever goes wrong: any exception is a finding."""
    request = requests[(data[0] if data else 0) % len(requests)]
    raw = _raw(data)
    try:
        answer = decode(raw, request)
    except SandboxError:
        if _greeted(raw.wire, request) and raw.stop is not Stop.CANCELLED:
            raise Malformed("a runner that said hello was called lost") from None
        return Seen(greeted=False, whole=False, traces=0)
    oracle.hold(raw.wire, request, traces=len(answer.traces), whole=answer.broken is None)
    _tell(answer, WIDTHS[data[HEADER - 1] % len(WIDTHS)])
    return Seen(greeted=True, whole=answer.broken is None, traces=len(answer.traces))


def _raw(data: bytes) -> RawRun:
    _, exit_code, stop, stray, cpu = data[:HEADER].ljust(HEADER, b"\0")
    said = STRAYS[stray % len(STRAYS)]
    told = {
        "wire": data[HEADER:],
        "stray": said,
        "stray_total": len(said),
        "stop": STOPS[stop % len(STOPS)] if stop >= 200 else Stop.ITSELF,
        "exit_code": EXITS[exit_code % len(EXITS)],
        "cpu_s": float(cpu),
    }
    return RawRun(
        **{field.name: told.get(field.name, 0) for field in fields(RawRun)}
    )  # numbers that nothing here reads


def _greeted(data: bytes, request: wire.RunRequest) -> bool:
    """Whether the first line is the hello that was due, told without the judge's decoder."""
    with contextlib.suppress(Exception):
        hello = _strict.decode(data[: data.index(b"\n")])
        wanted = {"k": "hello", "version": wire.WIRE_VERSION, "nonce": request.nonce, "python": _PYTHON}
        return bool(hello == wanted and type(hello["version"]) is int)
    return False


_PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"


def _tell(answer: Answer, width: int) -> None:
    """All that follows an accepted answer, up to the bytes that reach a terminal or a program."""
    failures: list[Failure] = []
    unloadable = file_failure(answer)
    if unloadable is not None:
        failures.append(unloadable)
    if answer.broken is not None:
        failures.append(failure_of_broken(answer))
    results = [_result(failure) for failure in failures]
    for record in answer.traces:
        trace = Trace(record, f"tm2.ex90.s.{record.spec}")
        ask(trace)
        drawn = timeline(record)
        try:
            failure_or_none = failure_of_trace(record)
        except GraderFault as fault:
            results.append(CheckResult(spec=SPEC, verdict=Verdict.GRADER_FAULT, fault=str(fault)))
            continue
        result = _result(failure_or_none) if failure_or_none else CheckResult(spec=SPEC, verdict=Verdict.PASSED)
        results.append(replace(result, token=trace.token, timeline=drawn))
    show(
        make_report(exercise="ex90", file=SOURCE.file, checks=tuple(results), findings=()),
        width=width,
        replayed="" if width == 80 else "tm2.ex90.s.block",
    )


def _result(failure: Failure) -> CheckResult:
    return CheckResult(spec=SPEC, verdict=failure.verdict, findings=(located(failure.finding, SOURCE),))


def ask(trace: Trace) -> None:
    """Every question that a check can ask."""
    repr(trace)
    assert trace.virtual_s >= 0
    trace.stdout.encode()
    trace.stderr.encode()
    assert len(trace.student_threads) <= len(trace.threads)
    marks = [event.data[0] for event in trace.record.events if event.kind is wire.EventKind.MARK]
    ends: list[str | None] = [None, *dict.fromkeys(marks), None]
    for first, last in pairwise(ends):
        for origin in ("student", "driver"):
            trace.started_between(first, last, origin)
            counted = (trace.resumes_between(first, last, origin), trace.points_between(first, last, origin))
            if any(number < 0 for counts in counted for number in counts.values()):
                raise Malformed(f"a negative count between {first!r} and {last!r}: {counted}")
    names = [event.data[0] for event in trace.record.events if event.kind is wire.EventKind.NOTE]
    for name in dict.fromkeys(names):
        assert trace.has(name)
        assert trace.note(name) == trace.notes(name)[0]
        assert trace.high_water(name, "leave") >= 0
    trace.alive_at_end()
    with contextlib.suppress(CheckFailed, GraderFault):
        trace.note("of no such name, surely")


def show(report: Report, *, width: int, replayed: str = "", pictures: tuple[bool, ...] = (True, False)) -> None:
    """The report as text and as JSON, held against what a terminal and a strict parser may get."""
    for picture in pictures:
        told = text.render(report, text.TextOptions(width=width, picture=picture, replayed=replayed))
        for line in told.split("\n"):
            if not line.isprintable():
                raise Malformed(f"reaches the terminal raw: {line!r}")
        told.encode()
    _strict.decode(json.render(report))


@contextlib.contextmanager
def no_longer_than(seconds: int):  # type: ignore[no-untyped-def]  # a context manager
    """Raise TimeoutError in what takes more processor time: an input that keeps the judge busy is a finding, a busy machine not."""

    def ring(_number: int, _frame: object) -> None:
        raise TimeoutError(f"still at it after {seconds} s")

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
