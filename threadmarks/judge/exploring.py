"""Explorations: the same scenario under many schedules, each judged by a predicate of the check.

A failing schedule counts only when it fails again, identically, by itself in a fresh process. Schedules share a process
(a fresh module each) to be fast; a program that carries state from one to the next is found out by that second run, and
its schedules are then tried in a process each. When even two fresh processes disagree, the verdict is *suspect*.

Tiny programs are searched one schedule after the other first (`enumerating`); what is shown of a failure is the smallest schedule
that fails so (`simplest`).
"""

import asyncio
import inspect
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from threadmarks.errors import GraderFault
from threadmarks.judge import portfolio
from threadmarks.judge.enumerating import Enumerated, Found, as_replay, enumerate_schedules
from threadmarks.judge.failure import CheckFailed, Failure
from threadmarks.judge.session import RunResult, Session
from threadmarks.judge.simplest import Simplest
from threadmarks.judge.trace import Trace
from threadmarks.model import Explored, Finding, Race, Verdict

CHUNK = 50
"""Schedules in one process at most: enough to pay for the process, which costs as much as some ten of them; few enough to stop early.
A constant, and no matter of how many cores there are: which schedules share a process must not differ from machine to machine."""
WORTH_TWO = 24
"""So many schedules are worth a process more, if that makes their number even: two cores then have the same to do."""
SEARCHED_SHARE = 0.5
"""How much of the budget a search of one schedule after the other may take; the rest is drawn."""
NOT_SEARCHED = Enumerated(tried=0, bound=-1, whole=False)

Predicate = Callable[[Trace], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A schedule that failed the predicate."""

    failure: Failure
    result: RunResult
    explored: Explored  # up to and with the schedule that failed first
    confirmed: bool  # whether a second fresh process gave the same
    race: Race | None = None  # unless it failed under run-to-block, or is suspect

    @property
    def tried(self) -> int:
        """Schedules judged."""
        return self.explored.schedules


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The predicate held on every schedule tried."""

    explored: Explored
    result: RunResult  # of the run-to-block schedule

    @property
    def tried(self) -> int:
        """Schedules judged."""
        return self.explored.schedules


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


def in_parts(specs: Sequence[str], most: int) -> list[Sequence[str]]:
    """Schedules for a process each: in their order, of the same size (or one less), at most `most`."""
    number = -(-len(specs) // most)
    if number % 2 and number < len(specs) and len(specs) >= WORTH_TWO:
        number += 1
    ends = [len(specs) * part // number for part in range(number + 1)] if number else []
    return [specs[start:end] for start, end in pairwise(ends)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploring:
    """One exploration of a scenario."""

    session: Session
    scenario: str
    predicate: Predicate
    allow: Collection[str]

    async def explore(self, count: int, *, interpreter_only: bool = False) -> Held | Failed:
        """Try `count` schedules of the portfolio, run-to-block first. Raises GraderFault, SandboxError.

        `interpreter_only`: of the others, only such as this interpreter itself can take.
        """
        block = await self.session.run(self.scenario)
        failure = self._judge(block)
        if failure is not None:
            return Failed(failure=failure, result=block, explored=self._explored((portfolio.BLOCK,)), confirmed=False)
        assert block.trace is not None
        points, seeds = block.trace.record.points, self.session.seeds
        draw = portfolio.interpreter_schedules if interpreter_only else portfolio.drawn
        searched = NOT_SEARCHED if interpreter_only else await self._search(count, points)
        specs = draw(0 if searched.whole else count - 1 - searched.tried, points, seeds)
        found = searched.found
        if found is None:
            _, found = await self._try(specs, CHUNK)
        if found is None:
            return Held(explored=self._explored((portfolio.BLOCK, *specs), searched), result=block)
        index, result, failure = found
        tried = specs[: 0 if searched.found else index + 1]
        confirmed = await self._confirm_alone(result, failure)
        if confirmed is None:  # the process's earlier schedules had a part in it: judge each in a process of its own
            searched = NOT_SEARCHED
            specs = draw(count - 1, points, seeds)
            _, found = await self._try(specs, 1)
            if found is None:
                return Held(explored=self._explored((portfolio.BLOCK, *specs)), result=block)
            index, result, failure = found
            tried = specs[: index + 1]
            confirmed = await self._confirm_alone(result, failure) or (suspect("fresh processes"), result)
        failure, alone = confirmed
        explored = self._explored((portfolio.BLOCK, *tried), searched)
        return await self._shown(failure, alone, found_by=result.spec, explored=explored)

    async def _shown(self, failure: Failure, alone: RunResult, *, found_by: str, explored: Explored) -> Failed:
        """The failure as it is told: by its smallest schedule."""
        if failure.verdict is Verdict.SUSPECT:
            return Failed(failure=failure, result=alone, explored=explored, confirmed=True)
        simplest = Simplest(session=self.session, scenario=self.scenario, judge=self._judge, run_all=self._run_all)
        shown = await simplest.show(alone, failure)
        if shown is None:
            failure = suspect(f"schedule {alone.spec}")
            return Failed(failure=failure, result=alone, explored=explored, confirmed=True)
        return Failed(
            failure=Failure(finding=shown.failure.finding, verdict=Verdict.RACE),
            result=shown.result,
            explored=explored,
            confirmed=True,
            race=Race(tier=shown.tier, preemptions=shown.preemptions, found_by=as_replay(found_by)),
        )

    def _judge(self, result: RunResult) -> Failure | None:
        return judge_one(result, self.predicate, self.allow)

    def _explored(self, specs: Sequence[str], searched: Enumerated | None = None) -> Explored:
        """What was tried: these, and what the search had."""
        search = searched or NOT_SEARCHED
        trees = ("tree",) if search.tried else ()
        return Explored(
            scenario=self.scenario,
            schedules=len(specs) + search.tried,
            strategies=tuple(dict.fromkeys(portfolio.strategy(spec) for spec in (specs[0], *trees, *specs[1:]))),
            bound=search.bound,
            whole=search.whole,
        )

    async def _search(self, count: int, points: int) -> Enumerated:
        """Schedules one after the other, where so few are possible that whole levels fit into a part of the budget."""
        budget = int(count * SEARCHED_SHARE)
        if points > budget:
            return NOT_SEARCHED  # each choice is a schedule at least

        async def attempt(specs: Sequence[str]) -> tuple[list[RunResult], Found | None]:
            return await self._try(specs, CHUNK)

        return await enumerate_schedules(budget, attempt)

    def _chunks(self, specs: Sequence[str], chunk: int) -> "list[asyncio.Future[list[RunResult]]]":
        """Begin to run schedules, so many in a process. One alone is recorded in full, as its confirmation will be: what is
        kept moves objects in memory, and with them the order of a set of objects.
        """
        full = chunk == 1
        parts = in_parts(specs, chunk)
        return [asyncio.ensure_future(self.session.in_thread(self.scenario, part, full=full)) for part in parts]

    async def _run_all(self, specs: Sequence[str]) -> list[RunResult]:
        """The runs of many schedules, in their order; fewer when some ended their process."""
        return [result for results in await asyncio.gather(*self._chunks(specs, CHUNK)) for result in results]

    async def _try(self, specs: Sequence[str], chunk: int) -> tuple[list[RunResult], Found | None]:
        """The first failing schedule in the order given, whatever the order in which processes answer; and all runs up
        to it.
        """
        tasks = self._chunks(specs, chunk)
        seen: list[RunResult] = []
        try:
            for task in tasks:
                for result in await task:
                    seen.append(result)
                    failure = self._judge(result)
                    if failure is not None:
                        return seen, (len(seen) - 1, result, failure)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return seen, None

    async def _confirm_alone(self, result: RunResult, failure: Failure) -> tuple[Failure, RunResult] | None:
        """The failure and its full run, when a fresh process gives it again; None when that one run differs.

        A failure is suspect when two fresh processes differ from each other.
        """
        spec = as_replay(result.spec)
        first = await self.session.run(self.scenario, spec)
        if _digest(first) != _digest(result):
            second = await self.session.again(self.scenario, spec)
            if _digest(first) != _digest(second):
                return suspect(f"schedule {spec}"), first
            return None
        again = self._judge(first)
        if again is None or again.finding.code != failure.finding.code:
            if first.account != result.account:  # the digest, which is made in the submission's process, says otherwise
                return suspect(f"schedule {spec}"), first
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
