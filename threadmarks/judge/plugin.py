"""The pytest plugin: collects an exercise's checks, gives them their fixtures, turns what happens into `CheckResult`s.

Imports pytest, so it is imported late, while the zygotes get ready. Holds no points: `scoring` does.
"""

import traceback
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest

import pytest

from threadmarks.errors import AuthoringError, GraderFault
from threadmarks.judge.check import scenario_of, spec_of
from threadmarks.judge.contest import FINDING, seen_from_outside
from threadmarks.judge.definitions import line_of
from threadmarks.judge.expect import expect
from threadmarks.judge.failure import CheckFailed, Failure, located, place_at, told_at
from threadmarks.judge.fixtures import Attempt, Explore, Run
from threadmarks.judge.session import Session
from threadmarks.judge.story import culprit, story_of
from threadmarks.judge.timeline import timeline
from threadmarks.judge.tokens import Token
from threadmarks.model import CheckResult, CheckSpec, Finding, Story, Verdict, Visibility

Progress = Callable[[int, int, str], None]
"""Called with (checks done, checks in all, title of the next check)."""


_OVER_FACTS = (TypeError, ValueError, LookupError, ArithmeticError, AttributeError)
"""What a computation raises when a value has another shape than it relies on."""

UNEXPECTED_FACTS = Finding(
    code="unexpected-facts",
    message="This run told something that the check cannot make sense of; a person will look at it. No points were taken.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One submission to be judged."""

    session: Session
    visible_only: bool = False
    only: Token | None = None  # the one run to look at
    unloadable: Failure | None = None
    progress: Progress | None = None


class Plugin:
    """The checks of one exercise, on one submission after the other."""

    def __init__(self, submissions: Iterator[Asked], judged: Callable[[], None] = lambda: None) -> None:
        """`judged` is called after each submission, when `results`, `errors` and `missing` are that one's."""
        self.results: list[CheckResult] = []
        self.errors: list[str] = []
        self._submissions = submissions
        self._judged = judged
        self._total = 0
        self._passed: list[tuple[int, CheckSpec, Attempt]] = []  # by place in `results`: what may still be contested
        self._session: Session
        self._attempt: Attempt
        self._only: Token | None = None
        self._unloadable: Failure | None = None
        self._progress: Progress | None = None
        self._visible_only = False

    def _begin(self, asked: Asked, items: list[pytest.Item]) -> list[pytest.Item]:
        """Forget the submission before; the checks to run on this one."""
        self._session, self._only, self._unloadable = asked.session, asked.only, asked.unloadable
        self._progress, self._visible_only = asked.progress, asked.visible_only
        self._attempt = Attempt(session=asked.session)
        self.results, self.errors, self._passed = [], [], []
        wanted = [item for item in items if self._wanted(item)]
        self._total = len(wanted)
        for item in wanted:
            self._start_witnesses(item)
        return wanted

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Every check on every submission, as they come. Nothing of a fixture stays from one to the next."""
        if self.errors:  # of the collection
            return True
        for asked in self._submissions:
            items = self._begin(asked, session.items)
            for item, following in zip_longest(items, items[1:]):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if session.shouldstop or session.shouldfail:
                    raise session.Interrupted(session.shouldstop or session.shouldfail)
            self._hear_witnesses()
            self._judged()
        return True

    @pytest.fixture
    def run(self) -> Run:
        """`run(scenario)`: see `fixtures.Run`."""
        return Run(self._attempt)

    @pytest.fixture
    def explore(self) -> Explore:
        """`explore(scenario, predicate)`: see `fixtures.Explore`."""
        return Explore(self._attempt)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A grader that cannot be collected is the grader's fault."""
        if report.failed:
            self.errors.append(report.longreprtext)

    @property
    def missing(self) -> int:
        """How many of the checks collected have no result: none, unless pytest left some out."""
        return self._total - len(self.results)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """A test without a declaration is the grader's fault."""
        self.errors += [f"{item.nodeid}: a test without @check" for item in items if spec_of(_function(item)) is None]

    def _wanted(self, item: pytest.Item) -> bool:
        return not self._visible_only or _spec(item).visibility is Visibility.VISIBLE

    def _start_witnesses(self, item: pytest.Item) -> None:
        """Begin the plain runs that may contest a check, beside the controlled ones. A witness that is not there is the
        grader's fault, whether or not it is asked.
        """
        witnesses = self._session.witnesses if self._unloadable is None and self._only is None else None
        for name in _spec(item).witness:
            function = getattr(item.module, name, None) if isinstance(item, pytest.Function) else None
            try:
                if scenario_of(function) is None:
                    self.errors.append(f"{item.nodeid}: no @witness function {name!r}")
                elif witnesses is not None:
                    witnesses.start(name, function)
            except AuthoringError as problem:
                self.errors.append(str(problem))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        """A file that cannot be loaded fails every check without running it."""
        spec = _spec(item)
        if self._progress:
            self._progress(len(self.results), self._total, spec.title)
        if self._unloadable is None:
            # before the fixtures that hold it are made
            self._attempt = Attempt(session=self._session, check=spec.name, only=self._only)
            return None
        self.results.append(CheckResult(spec=spec, verdict=self._unloadable.verdict))
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Run one check and keep its result; no exception of a check reaches pytest but those that end everything."""
        attempt = self._attempt
        spec = _spec(item)
        try:
            with expect.collecting(attempt.notes):
                yield
            self._keep(spec, attempt, None)
        except CheckFailed as failed:
            self._keep(spec, attempt, failed.failure)
        except (KeyboardInterrupt, pytest.exit.Exception):
            raise
        except BaseException as error:  # what is no finding is a fault; pytest.fail and skip are no exceptions
            self.results.append(self._stumble(spec, attempt, error))

    def _stumble(self, spec: CheckSpec, attempt: Attempt, error: BaseException) -> CheckResult:
        """A check that fell over its own computation.

        Over the facts of a run, most likely: these come from a process that the submission shares, and may have any shape.
        Neither account is then taken for true. Without a run to fall over it is the grader's own fault.
        """
        fault = _fault(spec, error)
        if not isinstance(error, _OVER_FACTS) or attempt.result is None or attempt.result.trace is None:
            return fault
        result = self._result(spec, attempt, Failure(finding=UNEXPECTED_FACTS, verdict=Verdict.SUSPECT))
        return replace(result, fault=fault.fault)

    def _keep(self, spec: CheckSpec, attempt: Attempt, failure: Failure | None) -> None:
        if attempt.left_out:
            self._total -= 1
            return
        story: Story | None = None
        settled: Failure | None = None
        try:
            if failure is not None:
                settled = attempt.settle(failure)
                if attempt.result is not None and settled.verdict is not Verdict.SUSPECT:
                    story = story_of(self._session, attempt.result)
            elif self._only is None:
                self._passed.append((len(self.results), spec, attempt))
        except Exception as error:  # the sandbox was lost while confirming
            self.results.append(_fault(spec, error))
        else:
            result = self._result(spec, attempt, settled, story)
            if story is not None:
                story = told_at(story, self._session.source)
            self.results.append(replace(result, story=story))

    def _hear_witnesses(self) -> None:
        """Hold what was seen from outside against the checks that passed. Plain runs take real time: all that is virtual is done
        meanwhile.
        """
        for place, spec, attempt in self._passed:
            try:
                outside = seen_from_outside(spec, attempt)
            except Exception as error:  # a witness is at fault
                self.results[place] = _fault(spec, error)
                continue
            contested = Failure(finding=FINDING, verdict=Verdict.SUSPECT)
            result = self._result(spec, attempt, contested) if outside.accounts else self.results[place]
            self.results[place] = replace(result, accounts=outside.accounts, remarks=outside.remarks)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: "pytest.CallInfo[None]"
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """A check whose fixtures cannot be made (a wrong parameter name) is a fault as well."""
        report = yield
        if call.when != "call" and report.failed:
            self.results.append(CheckResult(spec=_spec(item), verdict=Verdict.GRADER_FAULT, fault=report.longreprtext))
        return report

    def _result(
        self, spec: CheckSpec, attempt: Attempt, failure: Failure | None, story: Story | None = None
    ) -> CheckResult:
        findings = (*((self._placed(failure.finding, spec, story),) if failure else ()), *attempt.notes)
        result = CheckResult(
            spec=spec,
            verdict=failure.verdict if failure else Verdict.PASSED,
            findings=tuple(located(finding, self._session.source) for finding in findings),
            schedules=attempt.schedules,
            explored=tuple(attempt.explored),
            race=attempt.race if failure is not None and failure.verdict is Verdict.RACE else None,
        )
        run = attempt.result
        if run is None:
            return result
        picture = run.trace is not None and (failure is not None or self._only is not None)
        return replace(
            result,
            token=self._session.token(run.scenario, run.spec),
            timeline=timeline(run.trace.record) if run.trace is not None and picture else None,
        )

    def _placed(self, finding: Finding, spec: CheckSpec, story: Story | None) -> Finding:
        """The finding, when it has no line of its own at the one that the story blames, else at the definition that its check
        is about.
        """
        if finding.place is not None:
            return finding
        about = place_at(line_of(self._session.source.text, spec.about)) if spec.about else None
        return replace(finding, place=culprit(story) or about)


def _function(item: pytest.Item) -> object:
    return item.function if isinstance(item, pytest.Function) else None


def _spec(item: pytest.Item) -> CheckSpec:
    spec = spec_of(_function(item))
    if spec is None:
        raise GraderFault(f"{item.nodeid}: a test without @check")
    return spec


def _fault(spec: CheckSpec, error: BaseException) -> CheckResult:
    text = str(error) if isinstance(error, GraderFault) else "".join(traceback.format_exception(error))
    return CheckResult(spec=spec, verdict=Verdict.GRADER_FAULT, fault=text)
