"""What a check works with: `run` and `explore`, and the record of what it did with them."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from threadmarks.errors import GraderFault
from threadmarks.judge import portfolio
from threadmarks.judge.exploring import Exploring, Failed, Held, Predicate, confirm, judge_one
from threadmarks.judge.failure import CheckFailed, Failure
from threadmarks.judge.session import PYTHON, RunResult, Session
from threadmarks.judge.simplest import race_of
from threadmarks.judge.tokens import Token
from threadmarks.judge.trace import Trace
from threadmarks.model import Explored, Finding, Race, Tier, Verdict
from threadmarks.wire import Outcome

NOT_GUARANTEED = "This Python happens not to show it; a free-threaded one will. Here it costs nothing."
UPON_OWN = 3
"""How many times as many schedules are tried, unless a check knows better, of a file that stands upon the student's own ones. These have
points as well, so that each order of the file's own steps is drawn that much less often: two to four times, measured with ex11."""
_OUTCOMES = frozenset(outcome.value for outcome in Outcome)


@dataclass(slots=True)
class Attempt:
    """What one check has done so far; mutable, because a check is a conversation."""

    session: Session
    check: str = ""  # its name; "" before the first
    only: Token | None = None  # set for a replay: the one schedule of the one scenario to look at
    looked: bool = False  # for a replay: whether the check came to that scenario
    result: RunResult | None = None  # the run that the verdict rests on
    schedules: int = 0
    confirmed: bool = False  # a failure that an exploration has already run again
    explored: list[Explored] = field(default_factory=list)
    race: Race | None = None  # of the failure that an exploration found
    notes: list[Finding] = field(default_factory=list)
    scenarios: set[str] = field(default_factory=set)  # those that it looked at
    fails_anyway: bool = False  # for a replay: whether the run-to-block schedule fails as well

    def spec(self, scenario: str) -> str:
        """The schedule to use for a plain run: run-to-block, unless this is the run to replay."""
        if self.only is None or self.only.scenario != scenario:
            return portfolio.BLOCK
        self.looked = True
        # Of another file's choices, or another Python's, those are taken that are there; the report says so.
        return self.only.spec if self._same else self.only.spec.replace("replay.", "follow.", 1)

    @property
    def _same(self) -> bool:
        """Whether the run to replay was one of this file, on this Python."""
        assert self.only is not None
        return self.only.file in ("", self.session.mark) and self.only.python in ("", PYTHON)

    @property
    def left_out(self) -> bool:
        """Whether a replay has nothing to say about this check: it never looked at the scenario."""
        return self.only is not None and not self.looked

    def settle(self, failure: Failure) -> Failure:
        """The failure, when a second fresh process confirms the run it rests on; else that the run is suspect. Blocks."""
        if self.result is None or self.confirmed:
            return failure
        settled = confirm(self.session, self.result, failure)
        if self._is_race(self.result) and settled.verdict is not Verdict.SUSPECT:
            self.race = race_of(self.result)
            return replace(settled, verdict=Verdict.RACE)
        return settled

    def _is_race(self, result: RunResult) -> bool:
        """Whether a replay shows a race: the grading that made the token found that run-to-block does not fail, or its token were
        that one's. Of a file that has changed, only what was tried here counts.
        """
        if self.only is None or result.scenario != self.only.scenario or result.spec == portfolio.BLOCK:
            return False
        return not self.fails_anyway if self._same else self.race is not None

    async def judge(self, result: RunResult, predicate: Predicate, allow: Collection[str]) -> Failure | None:
        """What a run means; of a replay that fails, whether run-to-block fails too."""
        failure = judge_one(result, predicate, allow)
        if failure is not None and self.only is not None and result.spec != portfolio.BLOCK:
            block = await self.session.run(result.scenario)
            self.fails_anyway = judge_one(block, predicate, allow) is not None
            self.race = None if self.fails_anyway else race_of(result)
        return failure


class Run:
    """`await run(scenario)` gives the trace of one run in a process of its own, made once for all checks."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt

    async def __call__(self, scenario: str, *, allow: Collection[str] = ()) -> Trace:
        """The trace under run-to-block. A run that did not complete fails the check, unless its outcome is allowed."""
        _check_outcomes(allow)
        attempt = self._attempt
        attempt.scenarios.add(scenario)
        result = await attempt.session.run(scenario, attempt.spec(scenario))
        attempt.result, attempt.confirmed = result, False
        attempt.schedules = max(attempt.schedules, 1)
        failure = await attempt.judge(result, _nothing_more, allow)
        if failure is not None:
            raise CheckFailed(failure)
        assert result.trace is not None
        return result.trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploration:
    """What an exploration tried. It found nothing: a failing schedule fails the check before this is returned."""

    schedules: int


class Explore:
    """`await explore(scenario, predicate, schedules=60)` holds the predicate against the scenario's many schedules.

    `upon_own`: how many are tried of a file that stands upon the student's own ones; UPON_OWN times as many by default.
    """

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt

    async def __call__(
        self,
        scenario: str,
        predicate: Predicate,
        *,
        schedules: int = 60,
        upon_own: int | None = None,
        allow: Collection[str] = (),
    ) -> Exploration:
        """Fail the check with the first schedule, in the portfolio's order, on which `predicate(trace)` fails."""
        _check_outcomes(allow)
        attempt = self._attempt
        if attempt.only is not None and attempt.only.scenario != scenario:
            return Exploration(schedules=0)  # a replay looks at one schedule, not at all of another scenario's
        if attempt.only is not None:
            result = await attempt.session.run(scenario, attempt.spec(scenario))
            attempt.result, attempt.schedules = result, 1
            failure = await attempt.judge(result, predicate, allow)
            if failure is not None:
                raise CheckFailed(failure)
            return Exploration(schedules=1)
        attempt.scenarios.add(scenario)
        if any(each.own for each in attempt.session.foundations):
            schedules = upon_own or UPON_OWN * schedules
        exploring = Exploring(session=attempt.session, scenario=scenario, predicate=predicate, allow=allow)
        outcome = await self._explore(exploring, schedules)
        attempt.schedules += outcome.tried
        attempt.explored.append(outcome.explored)
        attempt.result = outcome.result
        if isinstance(outcome, Failed):
            attempt.confirmed, attempt.race = outcome.confirmed, outcome.race
            raise CheckFailed(outcome.failure)
        return Exploration(schedules=outcome.tried)

    async def _explore(self, exploring: Exploring, schedules: int) -> Held | Failed:
        """The exploration, as far as it may cost points; where races of the language do not, one becomes a note."""
        attempt = self._attempt
        schedules = attempt.session.at_most(schedules, attempt.check)
        if attempt.session.exercise.meta.races.costs == "both":
            return await exploring.explore(schedules)
        outcome = await exploring.explore(schedules, interpreter_only=True)
        if isinstance(outcome, Failed):
            return outcome
        further = await exploring.explore(schedules)
        if isinstance(further, Held):
            return further
        if further.race is None or further.race.tier is Tier.INTERPRETER:
            return further
        finding = further.failure.finding
        message = f"{finding.message} {NOT_GUARANTEED}"
        attempt.notes.append(replace(finding, message=message, costs_points=False))
        return outcome


def _check_outcomes(allow: Collection[str]) -> None:
    unknown = sorted(set(allow) - _OUTCOMES)
    if unknown or isinstance(allow, str):
        raise GraderFault(f"allow={allow!r}: outcomes are {', '.join(sorted(_OUTCOMES))}")


def _nothing_more(_trace: Trace) -> None:
    """A plain run asks nothing beyond its end."""
