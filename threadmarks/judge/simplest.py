"""From the failing schedule that an exploration found to the one that is shown: the smallest, of the tier that matters more.

A race that this Python can show is shown so, if a bounded search finds such a schedule; else it is one of the language, which a
build without a global lock will show. What is shown was confirmed in a fresh process. Where that does not give what was seen
among other schedules, the schedule that was found is shown as it is, if it can be followed: a record that the engine itself cannot follow
although the program does the same each time is the engine's fault.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from threadmarks.errors import GraderFault
from threadmarks.judge import portfolio
from threadmarks.judge.failure import Failure
from threadmarks.judge.session import RunResult, Session
from threadmarks.judge.shrinking import Fails, Shrinking, Small, small
from threadmarks.model import Race, Tier

INTERPRETER_RUNS = 60
"""Schedules of this interpreter's own that are tried when the one found is not."""
POLLED_RUNS = 120
"""What looking for a single preemption of this interpreter's, and shrinking such a schedule, may cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The run that a report rests on."""

    result: RunResult  # full, of a fresh process
    failure: Failure
    tier: Tier
    preemptions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Simplest:
    """The search for one exploration."""

    session: Session
    scenario: str
    judge: Callable[[RunResult], Failure | None]
    run_all: Callable[[Sequence[str]], Awaitable[list[RunResult]]]  # light, in shared processes

    async def show(self, result: RunResult, failure: Failure) -> Shown | None:
        """The run to show for a failing one (full, of a fresh process). None: its own record differs from run to run.

        Raises GraderFault when the engine cannot follow its own record.
        """
        code = failure.finding.code

        def fails(run: RunResult) -> Failure | None:
            again = self.judge(run)
            return again if again is not None and again.finding.code == code else None

        if result.trace is None:  # it ended its process: there is no record of what it chose
            return Shown(result=result, failure=failure, tier=Tier.LANGUAGE, preemptions=-1)
        found = small(result)
        if not self.session.smallest:
            return await self._as_it_was(result, failure, found)
        shrinking = Shrinking(self.run_all, fails)
        best = await shrinking.smallest(found)
        if best.unpolled:
            best = await self._of_this_interpreter(fails, singles_tried=shrinking.singles_tried > 0) or best
        if best.text != found.text:
            confirmed = await self.session.run(self.scenario, f"replay.{best.text}")
            again = self.judge(confirmed)
            same = confirmed.trace is not None and confirmed.trace.record.digest == best.digest
            if same and again is not None and again.finding.code == code:
                return _shown(confirmed, again, best)
        return await self._as_it_was(result, failure, found)

    async def _as_it_was(self, result: RunResult, failure: Failure, found: Small) -> Shown | None:
        followed = await self.session.run(self.scenario, f"replay.{found.text}")
        if followed.trace is not None and followed.trace.record.digest == found.digest:
            return _shown(result, failure, found)
        second = await self.session.again(self.scenario, result.spec)
        if second.trace is None or second.trace.record.digest != found.digest or followed.account == result.account:
            return None
        raise GraderFault(
            f"{self.scenario}: two fresh processes agree on {result.spec}, but its recorded choices give another run"
        )

    async def _of_this_interpreter(self, fails: Fails, *, singles_tried: bool) -> Small | None:
        """A small failing schedule that this Python itself could take; None when the search finds none."""
        shrinking = Shrinking(self.run_all, fails, most_runs=POLLED_RUNS, polled_only=True)
        single = None if singles_tried else await shrinking.best_single()
        if single is not None:
            return await shrinking.smallest(single)
        block = await self.session.run(self.scenario)
        points = block.trace.record.points if block.trace is not None else 0
        specs = portfolio.interpreter_schedules(INTERPRETER_RUNS, points, self.session.seeds)
        for run in await self.run_all(specs):
            if run.trace is not None and not run.trace.record.unpolled and fails(run):
                return await shrinking.smallest(small(run))
        return None


def race_of(result: RunResult) -> Race:
    """What a failing run shows of the race, when its schedule is taken as it is."""
    if result.trace is None:  # it ended its process: there is no record of what it chose
        return Race(tier=Tier.LANGUAGE, preemptions=-1, found_by=result.spec)
    schedule = small(result)
    return Race(tier=_tier(schedule), preemptions=len(schedule.preemptions), found_by=result.spec)


def _tier(schedule: Small) -> Tier:
    return Tier.LANGUAGE if schedule.unpolled else Tier.INTERPRETER


def _shown(result: RunResult, failure: Failure, schedule: Small) -> Shown:
    return Shown(result=result, failure=failure, tier=_tier(schedule), preemptions=len(schedule.preemptions))
