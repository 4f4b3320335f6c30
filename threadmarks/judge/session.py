"""The runs of one submission: asked for by checks, made in the sandbox, remembered.

A scenario under a schedule runs once however many checks look at it. Everything that a run's verdict depends on is fixed
here: the source, the scenarios, the seed of its inputs, the limits. Thread-safe, because runs are prefetched.
"""

import asyncio
import hashlib
import secrets
import sys
import threading
from collections.abc import Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from threadmarks import wire
from threadmarks.catalog import Exercise, did_you_mean, read_content
from threadmarks.errors import GraderFault
from threadmarks.judge import portfolio, tokens
from threadmarks.judge.decode import Answer, Broken, decode
from threadmarks.judge.failure import Failure
from threadmarks.judge.foundations import Foundation, dependencies, references, source_policy, with_code
from threadmarks.judge.hidden import Hidden, hidden_threads
from threadmarks.judge.loading import file_failure
from threadmarks.judge.outcomes import failure_of_broken, failure_of_trace
from threadmarks.judge.scenario_file import scenario_file
from threadmarks.judge.stub_api import api_entries
from threadmarks.judge.trace import Trace
from threadmarks.sandbox.host import Cancellation, Host
from threadmarks.sandbox.saferead import Source

if TYPE_CHECKING:
    from threadmarks.judge.witness import WitnessRuns


FACTS = (wire.EventKind.NOTE, wire.EventKind.MARK, wire.EventKind.OUTPUT)
"""The events that light runs have."""

TOUCHED = 0
"""In place of an account's number: the run that tells what is touched."""

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
"""The minor version that grades: schedules are its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """One schedule of one scenario. `trace` is None when the run did not answer for it; `failure` then says why.

    With a trace, `failure` is what its end means by itself: None when the scenario returned.
    """

    scenario: str
    spec: str
    trace: Trace | None
    failure: Failure | None
    reproducible: bool = True  # False: a limit or the watchdog ended it, running it again would only cost time

    @property
    def account(self) -> tuple[object, ...]:
        """What the digest is said to be of: the same in a light and in a full run. The process that makes the digest is the
        submission's too, so where two runs are held to be the same and cannot be, this is what is compared.
        """
        if self.trace is None:
            return ()
        record = self.trace.record
        facts = tuple(event for event in record.events if event.kind in FACTS)
        return (record.outcome, record.virtual_ns, record.threads, facts, record.choices, record.error, record.value)


def input_seed(source: str, secret: str) -> int:
    """The seed of `probe.random`: the same for the same file and secret, another for any other."""
    digest = hashlib.sha256(secret.encode() + b"\0" + source.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:6], "big")


class Session:
    """Runs for one submission. Close it: runs that nobody waits for may still be going on."""

    def __init__(  # noqa: PLR0913  # what a run's verdict depends on, all of it by keyword
        self,
        exercise: Exercise,
        source: Source,
        host: Host,
        *,
        secret: str = "",
        limits: wire.Limits | None = None,
        seeds: portfolio.Seeds = portfolio.VERDICT_SEEDS,
        foundations: tuple[Foundation, ...] | None = None,
        most_schedules: int | None = None,
        whole: Collection[str] = (),
        smallest: bool = True,
    ) -> None:
        """`foundations`: what the submission is built upon; None for the reference solutions. `most_schedules`: the most that an
        exploration tries, except those of the checks `whole`; None for as many as its check asks for. `smallest`: whether failing
        schedules are made small. Raises AuthoringError.
        """
        self.foundations = references(exercise) if foundations is None else foundations
        self.mark = tokens.file_mark(source.text, *(each.source.text for each in self.foundations))
        self._dependencies = dependencies(self.foundations)
        self.exercise = exercise
        self.source = source
        self.seeds = seeds
        self._most_schedules = most_schedules
        self._whole = frozenset(whole)
        self.smallest = smallest
        self._host = host
        self._limits = limits or wire.Limits()
        self._input_seed = input_seed(source.text, secret)
        self._scenario_file = scenario_file(read_content(exercise.scenarios), str(exercise.scenarios))
        self.scenarios = self._scenario_file.names
        self._api = api_entries(read_content(exercise.stub), str(exercise.stub))
        self._cancellation = Cancellation()
        self._threads = ThreadPoolExecutor(host.size, thread_name_prefix="run")
        self._lock = threading.Lock()
        self._runs: dict[tuple[str, str, int], Future[RunResult]] = {}
        self._loaded: Future[Answer] | None = None
        self._load_lock = threading.Lock()
        self._load_answer: Answer | None = None
        self._hidden: dict[str, Hidden] = {}
        self.witnesses: WitnessRuns | None = None

    def add_witness(self, host: Host, patience: tuple[float, ...] | None = None) -> None:
        """Have plain runs as well, on `host`: checks that pass can then be contested.

        `patience`: how much longer than usual each try waits for a run that keeps silent; None for the usual tries.
        """
        from threadmarks.judge.witness import PATIENCE, WitnessRuns

        self.witnesses = WitnessRuns(
            self.exercise,
            self.source.text,
            host,
            seed=self._input_seed,
            limits=self._limits,
            patience=patience or PATIENCE,
            dependencies=self._dependencies,
        )

    def at_most(self, schedules: int, check: str) -> int:
        """How many schedules an exploration tries for which a check asks for so many."""
        return (
            schedules if self._most_schedules is None or check in self._whole else min(schedules, self._most_schedules)
        )

    def hidden(self, scenario: str) -> Hidden | None:
        """The first run of a scenario so far in which more threads were made than it reported."""
        return self._hidden.get(scenario)

    def close(self) -> None:
        """End the runs that are going on, and drop those that have not begun."""
        if self.witnesses is not None:
            self.witnesses.close()
        self._cancellation.cancel()
        self._threads.shutdown(cancel_futures=True)
        self._cancellation.close()

    def token(self, scenario: str, spec: str) -> str:
        """The token that replays a run of this submission."""
        token = tokens.Token(
            exercise=self.exercise.id,
            scenario=scenario,
            spec=spec,
            file=self.mark,
            python=PYTHON,
            upon_references=any(not each.own for each in self.foundations),
        )
        return str(token)

    def load(self) -> "Future[Answer]":
        """Load the source and run nothing: is it Python, can it be imported, is its API there? Made once."""
        with self._lock:
            if self._loaded is None:
                self._loaded = self._threads.submit(self._load_once)
            return self._loaded

    def _load_once(self) -> Answer:
        """The answer of the one load. Every other run waits for it, and is made of the code that it compiled: compiling costs
        more than most runs, and runs that compile have another heap, and so other addresses, than those that do not.
        """
        with self._load_lock:
            if self._load_answer is None:
                self._load_answer = self._ask("", (), full=False)
            return self._load_answer

    def start(self, scenario: str, spec: str = portfolio.BLOCK, account: int = 1) -> "Future[RunResult]":
        """Begin a full run in a process of its own, or give the one that was begun before for the same account."""
        with self._lock:
            key = (scenario, spec, account)
            if key not in self._runs:
                self._runs[key] = self._threads.submit(self.run_alone, scenario, spec)
            return self._runs[key]

    def prefetch(self) -> None:
        """Begin every scenario's run-to-block run: most checks need it, and the judge is still importing."""
        for scenario in self.scenarios:
            self.start(scenario)

    async def run(self, scenario: str, spec: str = portfolio.BLOCK) -> RunResult:
        """The full run of a scenario under a schedule, made once. Raises GraderFault, SandboxError."""
        return await asyncio.wrap_future(self.start(scenario, spec))

    async def again(self, scenario: str, spec: str) -> RunResult:
        """The same run a second time, in another fresh process; made once."""
        return await asyncio.wrap_future(self.start(scenario, spec, account=2))

    def run_alone(self, scenario: str, spec: str) -> RunResult:
        """A full run in a fresh process, not remembered. Blocks."""
        return self.run_many(scenario, (spec,), full=True)[0]

    def touched(self, scenario: str, spec: str) -> RunResult:
        """A full run in a fresh process that tells what the submission's code touches; remembered. Blocks."""
        with self._lock:
            key = (scenario, spec, TOUCHED)
            if key not in self._runs:
                self._runs[key] = self._threads.submit(self._run_touched, scenario, spec)
            found = self._runs[key]
        return found.result()

    def _run_touched(self, scenario: str, spec: str) -> RunResult:
        return self.run_many(scenario, (spec,), full=True, touches=True)[0]

    def run_many(self, scenario: str, specs: Sequence[str], *, full: bool, touches: bool = False) -> list[RunResult]:
        """Several schedules in one process, in order. Blocks.

        When the process ends early, the first schedule without an answer is the one that ended it, and the last in the
        list: what would have followed is unknown.
        """
        if scenario not in self.scenarios:
            raise GraderFault(
                f"{self.exercise.scenarios}: no scenario {scenario!r}.{did_you_mean(scenario, self.scenarios)}"
            )
        answer = self._ask(scenario, tuple(specs), full=full, touches=touches)
        results = [self._result(scenario, record) for record in answer.traces]
        not_loaded = file_failure(answer)
        if not_loaded is not None:  # it was loaded before, and is not now: the submission's own doing
            return [RunResult(scenario=scenario, spec=specs[0], trace=None, failure=not_loaded)]
        if answer.broken is not None:
            failure = failure_of_broken(answer)
            again = answer.broken in (Broken.DIED, Broken.MALFORMED, Broken.MEMORY_LIMIT)
            spec = specs[min(len(results), len(specs) - 1)]
            results.append(RunResult(scenario=scenario, spec=spec, trace=None, failure=failure, reproducible=again))
        elif len(results) < len(specs):  # one of them ended the process; the others are still to be seen
            results += self.run_many(scenario, specs[len(results) :], full=full, touches=touches)
        return results

    async def in_thread(self, scenario: str, specs: Sequence[str], *, full: bool) -> list[RunResult]:
        """`run_many` without blocking the loop."""
        return await asyncio.wrap_future(self._threads.submit(self.run_many, scenario, specs, full=full))

    def _result(self, scenario: str, record: wire.ScheduleTrace) -> RunResult:
        trace = Trace(record, self.token(scenario, record.spec), self._input_seed)
        return RunResult(scenario=scenario, spec=record.spec, trace=trace, failure=failure_of_trace(record))

    def _ask(self, scenario: str, specs: tuple[str, ...], *, full: bool, touches: bool = False) -> Answer:
        compiled = self._load_once().compiled if scenario else None
        request = wire.RunRequest(
            version=wire.WIRE_VERSION,
            nonce=secrets.token_hex(8),
            module=self.exercise.id,
            source=self.source.text,
            scenario_source=self._scenario_file.only(scenario),
            scenario=scenario,
            schedules=tuple(wire.ScheduleSpec(spec) for spec in specs),
            full=full,
            input_seed=self._input_seed,
            limits=self._limits,
            api=() if scenario else self._api,
            touches=touches,
            policy=None if scenario else source_policy(self.exercise),
            dependencies=with_code(self._dependencies, compiled),
            network=self.exercise.meta.network,
            compiled=compiled.code if compiled is not None and not touches else "",
            wants_compiled=not scenario,
        )
        raw = self._host.run(request, self._cancellation)
        answer = decode(raw, request)
        hidden = hidden_threads(raw, answer)
        if hidden is not None:
            with self._lock:
                self._hidden.setdefault(scenario, hidden)
        return answer
