"""The arena: grades one attack and says what happened that must not, and what did not happen that must.

Between attacks the host stays: what an attack leaves in a zygote would meet the next one, and its neighbour.
"""

import json
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, Self
from unittest import mock

import msgspec
from tests.attacks.canaries import Canaries, Surroundings, settle
from tests.attacks.declaration import Attack
from threadmarks import catalog, content, wire
from threadmarks.catalog import Exercise
from threadmarks.judge import grade_source
from threadmarks.judge import session as session_module
from threadmarks.model import Evidence, Report, Verdict
from threadmarks.report.json import as_object
from threadmarks.sandbox.host import PLAIN_ENTRY, Host, RawRun
from threadmarks.sandbox.ladder import Rung
from threadmarks.sandbox.saferead import Source

REPOSITORY = content.PACKAGE.parent
NEIGHBOUR = "ex00"
HIDDEN = "census-misses-threads"
"""A word of the checks that no student has seen."""
PATIENCE = (0.1, 0.2, 0.4)
"""A tenth of what the witness has for marks: what keeps silent on purpose would keep silent for as long as anybody waits."""


class ShortSession(session_module.Session):
    """A session whose witness loses its patience early."""

    def add_witness(self, host: Host, patience: tuple[float, ...] | None = PATIENCE) -> None:
        super().add_witness(host, patience)


@dataclass(slots=True)
class Ran:
    """One run as the host saw it."""

    limits: wire.Limits
    raw: RawRun
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an attack. `wrong` is empty when everything is as declared."""

    attack: Attack
    report: Report | None
    wrong: tuple[str, ...]
    runs: tuple[Ran, ...]
    seconds: float

    def told(self) -> str:
        """For the reader of a failed test."""
        lines = [self.attack.id, self.attack.tries, *(f"  - {text}" for text in self.wrong)]
        if self.report is not None:
            lines.append(f"  report: {self.report.verdict}, {self.report.score:g}/{self.report.max_score:g}")
            lines += [
                f"    {check.spec.name} ({check.spec.evidence}, {check.spec.points}): {check.verdict} {[f.code for f in check.findings]} {check.fault[-300:]}"
                for check in self.report.checks
            ]
            lines += [f"    file: {finding.code}: {finding.message}" for finding in self.report.findings]
        return "\n".join(lines)


class RecordingHost(Host):
    """Remembers every run."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.ran: list[Ran] = []

    def run(self, request: wire.RunRequest, *args: Any, **options: Any) -> RawRun:
        begin = time.monotonic()
        raw = super().run(request, *args, **options)
        self.ran.append(Ran(request.limits, raw, time.monotonic() - begin))
        return raw


class Arena:
    """One host on one rung, its canaries, and its neighbours. Use it as a context."""

    def __init__(self, rung: Rung | None, folder: Path) -> None:
        self._lowest = rung or Rung.PLAIN
        self._temp = folder / "temp"
        self._temp.mkdir()
        self._canaries = Canaries(folder / "canaries")
        self._host = RecordingHost(2, rung=rung)
        self._plain = RecordingHost(1, entry=PLAIN_ENTRY, rung=rung)
        self._saved = tempfile.tempdir

    @property
    def rung(self) -> Rung:
        """How runs are held here."""
        rung = self._host.rung
        assert rung is not None, "a run has been made"
        return rung

    def __enter__(self) -> Self:
        tempfile.tempdir = str(self._temp)
        self._canaries.__enter__()
        self._canaries.fresh()
        self._host.start()
        self._plain.start()
        wrong = self._neighbour()  # imports everything that grading needs, and learns the rung
        assert not wrong, wrong
        return self

    def __exit__(self, *exc: object) -> None:
        self._host.stop()
        self._plain.stop()
        self._canaries.__exit__()
        tempfile.tempdir = self._saved

    def fight(self, attack: Attack) -> Outcome:
        """Grade the attack and look at everything."""
        words = self._canaries.fresh() | self._words()
        before = Surroundings.now(self._temp)
        self._host.ran.clear()
        self._plain.ran.clear()
        begin = time.monotonic()
        report, wrong = None, []
        try:
            with self._beside() if attack.beside else _nobody() as beside:
                report = self._grade(attack, spelled(attack.text, words))
            wrong += beside
        except Exception as error:  # whatever it is, the attack has brought it about
            wrong.append(f"grading raised {type(error).__name__}: {error}")
        seconds = time.monotonic() - begin
        runs = (*self._host.ran, *self._plain.ran)
        if report is not None:
            wrong += broken_promises(attack, report)
        wrong += self._leaks(report, runs)
        wrong += self._canaries.harm()
        spares = self._host.size + self._plain.size if self.rung is Rung.PLAIN else 0
        wrong += settle(before, self._temp, (self._canaries.token, str(self._temp)), spares)
        wrong += self._neighbour()
        return Outcome(attack=attack, report=report, wrong=tuple(wrong), runs=runs, seconds=seconds)

    def _words(self) -> dict[str, str]:
        zygotes = ",".join(str(zygote.pid) for host in (self._host, self._plain) for zygote in host._all)
        return {"ROOT": str(REPOSITORY), "HIDDEN": HIDDEN, "ZYGOTES": zygotes, "TEMP": str(self._temp)}

    def _grade(self, attack: Attack, text: str) -> Report:
        source = Source(file=f"{attack.exercise}.py", text=text)
        limits = wire.Limits(**attack.limits)  # type: ignore[arg-type]  # held against its fields by the declaration
        with mock.patch.object(session_module, "Session", partial(ShortSession, limits=limits)):
            return self._official(_upon(catalog.resolve(attack.exercise), attack.builds_on), source)

    def _official(self, exercise: Exercise, source: Source) -> Report:
        """Graded for marks: with a secret, with the witness, on this arena's rung."""
        return grade_source(
            exercise,
            source,
            secret=self._canaries.token,
            official=True,
            lowest=self._lowest,
            host=self._host,
            witness=True,
            witness_host=self._plain,
        )

    def _leaks(self, report: Report | None, runs: tuple[Ran, ...]) -> list[str]:
        """What left the process that must not, and what an attack owned up to."""
        said = b"\n".join(run.raw.wire + run.raw.stray for run in runs)
        if report is not None:
            said += json.dumps(as_object(report)).encode()
        wrong = []
        if self._canaries.secret.encode() in said:
            wrong.append("a secret of the judge's machine was read and told")
        done = self._canaries.done.encode()
        owned = {line.split(done)[1].decode(errors="replace").strip() for line in said.split(b"\n") if done in line}
        return wrong + [f"it says that it succeeded: {what[:200]}" for what in sorted(owned)]

    def _neighbour(self) -> list[str]:
        """A right solution, graded by the same zygotes."""
        exercise = catalog.resolve(NEIGHBOUR)
        try:
            report = grade_source(exercise, Source(file="ex00.py", text=reference(NEIGHBOUR)), host=self._host)
        except Exception as error:
            return [f"grading the neighbour raised {type(error).__name__}: {error}"]
        if report.verdict is Verdict.PASSED:
            return []
        failed = {check.spec.name: check.verdict.value for check in report.checks if not check.passed}
        return [f"the neighbour got {report.verdict}: {failed}"]

    @contextmanager
    def _beside(self) -> Iterator[list[str]]:
        """Somebody else is graded again and again during the block: single runs, in the other zygote."""
        wrong: list[str] = []
        over = threading.Event()
        exercise = catalog.resolve(NEIGHBOUR)
        session = session_module.Session(exercise, Source(file="ex00.py", text=reference(NEIGHBOUR)), self._host)

        def work() -> None:
            while not over.is_set():
                result = session.run_alone("fifty_jobs", "block")
                if result.failure is not None or result.trace is None:
                    wrong.append(f"the neighbour beside it got {result.failure}")

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield wrong
        finally:
            over.set()
            thread.join()
            session.close()


def _upon(exercise: Exercise, builds_on: tuple[str, ...]) -> Exercise:
    """The exercise, building on others as well: their reference solutions, as in any official grading."""
    meta = msgspec.structs.replace(exercise.meta, builds_on=(*exercise.meta.builds_on, *builds_on))
    return replace(exercise, meta=meta)


@contextmanager
def _nobody() -> Iterator[list[str]]:
    yield []


def broken_promises(attack: Attack, report: Report) -> list[str]:
    """What the report lacks of what the attack's declaration says must happen."""
    must, wrong = attack.must, []
    names = {check.spec.name for check in report.checks}
    for check in report.checks:
        if check.verdict is Verdict.GRADER_FAULT:
            wrong.append(f"{check.spec.name} is ungraded, which costs nothing: the submission made the grader fail")
        outside = must.fail == "outside" and check.spec.evidence is Evidence.OUTSIDE
        if check.passed and (outside or must.fail == "all" or check.spec.name in must.fail):
            wrong.append(f"{check.spec.name} passed")
    if not isinstance(must.fail, str):
        wrong += [f"{attack.exercise} has no check {name!r}" for name in must.fail if name not in names]
    total = sum(check.spec.points for check in report.checks)
    if report.score >= total:
        wrong.append("full marks")
    if must.ceiling is not None and report.score > must.ceiling:
        wrong.append(f"{report.score:g} points; the ceiling is {must.ceiling:g}")
    if must.verdict and report.verdict.value not in must.verdict:
        wrong.append(f"the verdict is {report.verdict}, not {' or '.join(must.verdict)}")
    findings = [*report.findings, *(finding for check in report.checks for finding in check.findings)]
    codes = {finding.code for finding in findings}
    if must.codes and not codes & set(must.codes):
        wrong.append(f"findings {sorted(codes)}, none of {', '.join(must.codes)}")
    seen = codes | {check.verdict.value for check in report.checks}
    if must.flag and not seen & set(must.flag):
        wrong.append(f"nothing flags it: no {' and no '.join(must.flag)}")
    return wrong


def spelled(text: str, words: dict[str, str]) -> str:
    """The text with its words between `@` replaced."""
    for name, value in words.items():
        text = text.replace(f"@{name}@", value)
    for exercise in ("ex03", "ex04"):
        if f"@RECORDED:{exercise}@" in text:
            text = text.replace(f"@RECORDED:{exercise}@", recorded(exercise))
    return text


@cache
def reference(exercise: str) -> str:
    """The text of an exercise's reference solution."""
    (path,) = (REPOSITORY / "solutions").glob(f"{exercise}_*/{exercise}.py")
    return path.read_text(encoding="utf-8")


@cache
def recorded(exercise: str) -> str:
    """What a student could record at home: a perfect solution's traces of every scenario, without the secret. JSON."""
    traces: dict[str, Any] = {}
    source = Source(file=f"{exercise}.py", text=reference(exercise))
    with Host(1) as host:
        session = session_module.Session(catalog.resolve(exercise), source, host)
        try:
            for scenario in session.scenarios:
                (result,) = session.run_many(scenario, ("block",), full=False)
                assert result.trace is not None, scenario
                record = json.loads(json_of(result.trace.record))
                traces[scenario] = record | {"choices": "", "preempted": 0, "unpolled": 0}
        finally:
            session.close()
    return json.dumps(traces)


def json_of(record: wire.ScheduleTrace) -> bytes:
    """A trace as the wire spells it."""
    return msgspec.json.encode(record)
