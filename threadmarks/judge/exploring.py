"""Explorations: the same scenario under many schedules, each judged by a predicate of the check.

A failing schedule counts only when it fails again, identically, by itself in a fresh process. Schedules share a process
(a fresh module each) to be fast; a program that carries state from one to the next is found out by that second run, and
its schedules are then tried in a process each. When even two fresh processes disagree, the verdict is *suspect*.
"""

import asyncio
import inspect
from collections.abc import Callable, Collection
from dataclasses import dataclass

from threadmarks.errors import GraderFault
from threadmarks.judge import portfolio
from threadmarks.judge.failure import CheckFailed, Failure
from threadmarks.judge.session import RunResult, Session
from threadmarks.judge.trace import Trace
from threadmarks.model import Finding, Verdict

CHUNK = 15
"""Schedules in one process: enough to pay for the process, few enough to stop early. A constant, and no matter of how
many cores there are: which schedules share a process must not differ from machine to machine."""

Predicate = Callable[[Trace], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A schedule that failed the predicate."""

    failure: Failure
    result: RunResult
    tried: int  # schedules judged up to and with this one
    confirmed: bool  # whether a second fresh process gave the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The predicate held on every schedule tried."""

    tried: int
    result: RunResult  # of the run-to-block schedule


def suspect(what: str) -> Failure:
    """Two runs of the same schedule gave different accounts."""
    message = f"Two runs of your program under the same schedule differ ({what}), so neither is taken for true."
    means = "Something outside the grader's control decides: an address, a process id, the real time, a file."
    return Failure(finding=Finding(code="suspect", message=message, means=means), verdict=Verdict.SUSPECT)


def judge_one(result: RunResult, predicate: Predicate, allow: Collection[str]) -> Failure | None:
    """What one run means: its end, unless that is allowed, then the predicate. Raises GraderFault."""
    if result.failure is not None and (result.trace is None or result.trace.outcome.value not in allow):
        return result.failure
    assert result.trace is not None, "a run without a trace has a failure"
    try:
        left: object = predicate(result.trace)  # type: ignore[func-returns-value]  # held against what it declares
    except CheckFailed as failed:
        return failed.failure
    if left is not None:
        if inspect.iscoroutine(left):
            left.close()
        raise GraderFault(f"the predicate returned {type(left).__name__}; it must use expect() and return nothing")
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploring:
    """One exploration of a scenario."""

    session: Session
    scenario: str
    predicate: Predicate
    allow: Collection[str]

    async def explore(self, count: int) -> Held | Failed:
        """Try `count` schedules of the portfolio, run-to-block first. Raises GraderFault, SandboxError."""
        block = await self.session.run(self.scenario)
        failure = self._judge(block)
        if failure is not None:
            return Failed(failure=failure, result=block, tried=1, confirmed=False)
        assert block.trace is not None
        specs = portfolio.schedules(count, block.trace.record.points, self.session.seeds)
        found = await self._first_failure(specs[1:], CHUNK)
        if found is None:
            return Held(tried=len(specs), result=block)
        index, result, failure = found
        confirmed = await self._confirm_alone(result, failure)
        if confirmed is None:  # the process's earlier schedules had a part in it: judge each in a process of its own
            found = await self._first_failure(specs[1:], 1)
            if found is None:
                return Held(tried=len(specs), result=block)
            index, result, failure = found
            confirmed = await self._confirm_alone(result, failure) or (suspect("fresh processes"), result)
        failure, result = confirmed
        return Failed(failure=_raced(failure), result=result, tried=index + 2, confirmed=True)

    def _judge(self, result: RunResult) -> Failure | None:
        return judge_one(result, self.predicate, self.allow)

    async def _first_failure(self, specs: tuple[str, ...], chunk: int) -> tuple[int, RunResult, Failure] | None:
        """The first failing schedule in the portfolio's order, whatever the order in which processes answer."""
        chunks = [specs[start : start + chunk] for start in range(0, len(specs), chunk)]
        tasks = [asyncio.ensure_future(self.session.in_thread(self.scenario, part, full=False)) for part in chunks]
        try:
            index = 0
            for task in tasks:
                for result in await task:
                    failure = self._judge(result)
                    if failure is not None:
                        return index, result, failure
                    index += 1
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return None

    async def _confirm_alone(self, result: RunResult, failure: Failure) -> tuple[Failure, RunResult] | None:
        """The failure and its full run, when a fresh process gives it again; None when that one run differs.

        A failure is suspect when two fresh processes differ from each other.
        """
        first = await self.session.run(self.scenario, result.spec)
        if _digest(first) != _digest(result):
            second = await self.session.again(self.scenario, result.spec)
            if _digest(first) != _digest(second):
                return suspect(f"schedule {result.spec}"), first
            return None
        again = self._judge(first)
        if again is None or again.finding.code != failure.finding.code:
            raise GraderFault(f"the predicate judges the same trace twice, differently ({failure.finding.code})")
        return again, first


def confirm(session: Session, result: RunResult, failure: Failure) -> Failure:
    """The failure of a full run, when a second fresh process gives the same trace; else that it is suspect. Blocks."""
    if not result.reproducible or failure.verdict is Verdict.SUSPECT:
        return failure
    second = session.start(result.scenario, result.spec, account=2).result()
    return failure if _digest(second) == _digest(result) else suspect(f"schedule {result.spec}")


def _digest(result: RunResult) -> str:
    """What two accounts of a schedule must agree on."""
    if result.trace is not None:
        return result.trace.record.digest
    return f"no trace: {result.failure.finding.code if result.failure else ''}"


def _raced(failure: Failure) -> Failure:
    """Right under run-to-block, wrong under another schedule: a race, whatever its finding."""
    return failure if failure.verdict is Verdict.SUSPECT else Failure(finding=failure.finding, verdict=Verdict.RACE)
