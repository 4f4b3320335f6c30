"""The second witness: plain runs of a submission, beside the controlled ones, each watched from outside.

A witness has two halves of one name: a scenario in `graders/exNN_slug/witness.py`, which runs beside the student's code and
holds no expectation, and a function `@witness` in the exercise's checks, which holds the calls that come and claims what it
saw. What comes of it is a `Testimony`. It can contest a check that would pass; it never fails one, and it decides no points.
"""

import signal
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import msgspec

from threadmarks import wire
from threadmarks.catalog import Exercise, did_you_mean, read_content
from threadmarks.errors import AuthoringError, GraderFault, SandboxError
from threadmarks.judge.check import scenario_of
from threadmarks.judge.scenario_file import scenario_file
from threadmarks.judge.watch import Contested, Fact, Unsaid, Watch
from threadmarks.judge.witness_line import HungUp, Line
from threadmarks.sandbox import frames
from threadmarks.sandbox.host import Cancellation, Host, RawRun, Stop, Witness

Function = Callable[[Watch], None]
_SYSTEMS_DOING = frozenset(-getattr(signal, name, 1 << 20) for name in ("SIGKILL", "SIGXCPU", "SIGTERM"))
"""Signals that end a process by a limit or for want of memory."""


PATIENCE = (1.0, 3.0, 9.0)
"""What every wait of a watch is multiplied with, try by try, while a plain run keeps silent."""
CONTROL_SHARE = 0.5
"""The share of the last patience in which the kit's own run must have been watched: else the machine is what is slow."""

CONTROL = "control"
CONTROL_SCENARIO = """
import threading

def control(student, probe):
    threads = [threading.Thread(target=probe.call, args=("here",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    memory = bytearray(64 << 20)
    probe.call("over", len(memory))
"""


def control_run(watch: Watch) -> None:
    """Does what witnesses do, with a program that hides nothing."""
    watch.hold(here=8)
    watch.answer_all("here")
    watch.hold(over=1)
    watch.thread_of(watch.open("over")[0])
    watch.alone("at its end")


@dataclass(frozen=True, slots=True, kw_only=True)
class Testimony:
    """What one plain run, watched from outside, showed."""

    name: str
    contest: Fact | None  # None: nothing that contradicts the trace was seen
    remarks: tuple[str, ...]  # what it could not say, and what it noticed that proves nothing
    facts: tuple[tuple[str, str], ...]  # names and values, for the instructor
    silences: tuple[str, ...] = ()  # what it could not say for a reason that the program may have brought about


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A witness function's own end."""

    contest: Fact | None = None
    remark: str = ""
    hung_up: bool = False


def judged(function: Function, watch: Watch) -> Judged:
    """Let a witness function watch a run that begins."""
    try:
        watch.begin()
        function(watch)
    except Contested as contested:
        return Judged(contest=contested.fact)
    except Unsaid as unsaid:
        return Judged(remark=str(unsaid))
    except HungUp:
        return Judged(hung_up=True)
    return Judged()


def made_after_begin(watch: Watch, raw: RawRun) -> int | None:
    """How many threads the kernel made after the submission was loaded; None where that cannot be known."""
    if raw.tasks is None or watch.made_until_begin is None:
        return None
    return raw.tasks - watch.made_until_begin


def conclude(name: str, end: Judged, watch: Watch, raw: RawRun) -> Testimony:
    """What the watch and the kernel's own numbers say together, when the run is over."""
    contest = end.contest
    remarks = list(watch.remarks)
    silences = [*watch.silences, *([end.remark] if end.remark else [])]
    if watch.starved:
        remarks += [*silences, "the machine gave the plain run no processor time to speak of"]
        silences = []
    made = made_after_begin(watch, raw)
    if contest is None and end.hung_up:
        if raw.stop is not Stop.ITSELF or raw.exit_code in _SYSTEMS_DOING:
            silences.append(f"the plain run was ended by a limit ({raw.stop.value}, exit code {raw.exit_code})")
        elif raw.exit_code == frames.ENGINE_FAILED and not watch.calls:
            remarks.append("the plain run could not be begun")
        else:
            wanted = "it runs until its scenario is over, as in the trace"
            contest = Fact(
                measured="how the plain run ended", seen=f"its process left with {raw.exit_code}", wanted=wanted
            )
    if contest is None and watch.allowance is not None:
        if made is None:
            remarks += _uncounted(watch.allowance.most, raw)
        elif made > watch.allowance.most:
            wanted = f"at most {watch.allowance.most}"
            contest = Fact(measured="threads made, by the kernel's own count", seen=str(made), wanted=wanted)
        elif made < watch.allowance.least and end == Judged():
            wanted = f"at least {watch.allowance.least}"
            contest = Fact(measured="threads made, by the kernel's own count", seen=str(made), wanted=wanted)
    facts = [
        ("threads made after loading, by the kernel's count", "unknown" if made is None else str(made)),
        ("different threads seen by looking", str(len(watch.seen_tasks))),
        *((f"calls of {call} open at once, at most", str(count)) for call, count in watch.together.items()),
        ("processor seconds", f"{raw.cpu_s:.3f}"),
        ("voluntary switches", str(raw.voluntary_switches)),
    ]
    said = (*remarks, *silences)
    return Testimony(name=name, contest=contest, remarks=said, facts=tuple(facts), silences=tuple(silences))


def _uncounted(most: int, raw: RawRun) -> list[str]:
    """What is to be said where the threads made after loading are not known."""
    if raw.tasks is None:
        return ["threads were not counted by the kernel on this rung; only those alive at a look were"]
    in_all = raw.tasks - 1  # the engine made one, to say that the file is loaded
    if in_all <= most:
        return []
    return [f"the kernel counted {in_all} threads, those of the import included, which this rung cannot tell apart"]


class _Start:
    """The observer of one run: where its process is."""

    def __init__(self, passed_on: socket.socket) -> None:
        self.pid = 0
        self.known = threading.Event()  # it has begun, or will not begin any more
        self._passed_on = passed_on

    def started(self, pid: int) -> None:
        """The runner has its end of the line: ours of that end is closed, so that its death shows."""
        self.pid = pid
        self._passed_on.close()
        self.known.set()


class WitnessRuns:
    """The witness runs of one submission, begun early and awaited late. Thread-safe. Close it."""

    def __init__(  # noqa: PLR0913  # what its runs are made of, by keyword
        self,
        exercise: Exercise,
        source: str,
        host: Host,
        *,
        seed: int,
        limits: wire.Limits,
        patience: tuple[float, ...] = PATIENCE,
        dependencies: tuple[wire.Dependency, ...] = (),
    ) -> None:
        self._patience = patience
        self._dependencies = dependencies
        self._exercise = exercise
        self._source = source
        self._host = host
        self._seed = seed
        self._limits = limits
        path = exercise.witness
        self._file = scenario_file(read_content(path), str(path)) if path.is_file() else None
        self._threads = ThreadPoolExecutor(host.size, thread_name_prefix="witness")
        self._lock = threading.Lock()
        self._runs: dict[str, Future[Testimony]] = {}
        self._cancellations: set[Cancellation] = set()
        self._closed = False

    def start(self, name: str, function: object) -> None:
        """Begin the run for a witness function, unless it was begun before. Raises AuthoringError."""
        scenario = scenario_of(function)
        if not callable(function) or scenario is None:
            raise AuthoringError(f"{self._exercise.checks}: no @witness function {name!r}")
        names = self._file.names if self._file else ()
        if scenario not in names:
            raise AuthoringError(f"{self._exercise.witness}: no scenario {scenario!r}.{did_you_mean(scenario, names)}")
        with self._lock:
            if name not in self._runs and not self._closed:
                self._runs[name] = self._threads.submit(self._run, name, scenario, function)

    def result(self, name: str) -> Testimony:
        """The testimony of a witness that was begun. Blocks. Raises GraderFault when the witness function is at fault."""
        return self._runs[name].result()

    def close(self) -> None:
        """End the runs that are going on, and drop those that have not begun."""
        with self._lock:
            self._closed = True
            for cancellation in self._cancellations:
                cancellation.cancel()
        self._threads.shutdown(cancel_futures=True)

    def _run(self, name: str, scenario: str, function: Function) -> Testimony:
        """Runs until one says something: a program that keeps silent each time, where another does not, does so itself."""
        said: tuple[str, ...] = ()
        for patience in self._patience:
            testimony = self._watched(name, self._request(scenario, patience), function, patience)
            if testimony.contest is not None or not testimony.silences or self._closed:
                return testimony
            said = testimony.silences
        longest = self._patience[-1]
        control = self._watched(CONTROL, self._control_request(longest), control_run, longest * CONTROL_SHARE)
        if control.contest is not None or control.remarks:
            return replace(
                testimony, remarks=(*testimony.remarks, "a run of the kit's own could not be watched either")
            )
        wanted = "watched to its end, as a run of the kit's own was just then"
        times = len(self._patience)
        fact = Fact(
            measured=f"whether the plain run can be watched, in {times} tries", seen="; ".join(said), wanted=wanted
        )
        return replace(testimony, contest=fact)

    def _watched(self, name: str, request: wire.RunRequest, function: Function, patience: float) -> Testimony:
        """One plain run, watched."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        start = _Start(theirs)
        cancellation = Cancellation()
        with self._lock:
            if self._closed:
                cancellation.cancel()
            self._cancellations.add(cancellation)
        line = Line(ours)
        watch = Watch(line, lambda: start.pid, f"witness {name} {self._seed}", patience)
        ends: list[Judged] = []
        faults: list[Exception] = []

        def keep_watch() -> None:
            start.known.wait()
            try:
                ends.append(judged(function, watch))
            except Exception as fault:  # the grader's own; told below
                faults.append(fault)
            if not (ends and ends[0].hung_up):
                cancellation.cancel()

        watcher = threading.Thread(target=keep_watch, name=f"witness {name}")
        watcher.start()
        try:
            raw = self._host.run(request, cancellation, Witness(line=theirs.fileno(), observer=start))
        except SandboxError as problem:
            return Testimony(name=name, contest=None, remarks=(f"the plain run was lost: {problem}",), facts=())
        finally:
            theirs.close()
            start.known.set()
            watcher.join()
            line.close()
            with self._lock:
                self._cancellations.discard(cancellation)
            cancellation.close()
        if faults:
            raise GraderFault(f"the witness {name} failed: {faults[0]!r}") from faults[0]
        return conclude(name, ends[0], watch, raw)

    def _request(self, scenario: str, patience: float) -> wire.RunRequest:
        assert self._file is not None, "start has looked for the scenario"
        request = self._plain(self._source, self._file.only(scenario), scenario, patience)
        return msgspec.structs.replace(request, dependencies=self._dependencies, network=self._exercise.meta.network)

    def _control_request(self, patience: float) -> wire.RunRequest:
        return self._plain("", CONTROL_SCENARIO, CONTROL, patience)

    def _plain(self, source: str, scenario_source: str, scenario: str, patience: float) -> wire.RunRequest:
        limits = msgspec.structs.replace(self._limits, wall_s=self._limits.wall_s * max(patience, 1))
        return wire.RunRequest(
            version=wire.WIRE_VERSION,
            nonce="",
            module=self._exercise.id,
            source=source,
            scenario_source=scenario_source,
            scenario=scenario,
            schedules=(),
            full=False,
            input_seed=0,
            limits=limits,
        )
