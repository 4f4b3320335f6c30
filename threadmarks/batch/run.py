"""A batch from beginning to end: which results are there, which gradings are needed, what is published.

Memory holds who handed in what, never the reports: these are read from the store one at a time.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from threadmarks.batch import files, late
from threadmarks.batch.executor import Executor, Job
from threadmarks.batch.intake import Intake
from threadmarks.batch.judge_process import fault_of
from threadmarks.batch.keys import Terms, key
from threadmarks.batch.late import Policy
from threadmarks.batch.outcome import Outcome
from threadmarks.batch.store import ResultStore
from threadmarks.batch.submission import Status, Submission
from threadmarks.catalog import Exercise
from threadmarks.errors import SubmissionError
from threadmarks.lms.remarks import Remark
from threadmarks.model import Report
from threadmarks.sandbox import saferead

STATE = ".threadmarks"
Tell = Callable[[int, int], None]
"""Called with (gradings done, gradings in all), first with (0, all)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What is to be graded, and how."""

    intake: Intake
    exercises: dict[str, Exercise]
    terms: Terms
    policy: Policy
    regrade: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Every submission, and the name of its result where there can be one."""

    outcomes: tuple[Outcome, ...]
    needed: frozenset[str]  # names of results that are not there yet

    @property
    def exercises(self) -> frozenset[str]:
        """The ids of the exercises that gradings are needed of."""
        return frozenset(each.submission.exercise for each in self.outcomes if each.key in self.needed)


class Runner:
    """One run over a batch, in an output folder. Hold `locked` around it."""

    def __init__(self, batch: Batch, out: Path) -> None:
        self._batch = batch
        self._out = out
        self._faults: dict[str, str] = {}
        self.store = ResultStore(out / STATE)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only run on this output folder, and clear away what a killed one has left half-written in it."""
        with self.store.locked():
            files.clear(self._out)
            yield

    def plan(self) -> Plan:
        """Look at every file once. Raises nothing for a file that cannot be graded: that is its outcome."""
        counting = late.counting(self._batch.intake.submissions, self._batch.policy)
        outcomes = []
        needed: dict[str, bool] = {}
        for submission in self._batch.intake.submissions:
            outcome = self._looked_at(submission, counts=submission.place in counting)
            outcomes.append(outcome)
            if outcome.key and outcome.key not in needed:
                needed[outcome.key] = self._batch.regrade or self._missing(outcome.key)
        return Plan(outcomes=tuple(outcomes), needed=frozenset(name for name, wanted in needed.items() if wanted))

    def _looked_at(self, submission: Submission, *, counts: bool) -> Outcome:
        lateness = late.lateness(submission, self._batch.policy)
        if not counts:
            return Outcome(submission=replace(submission, status=Status.SUPERSEDED), lateness=lateness)
        if submission.load is None:
            return Outcome(submission=submission, lateness=lateness)
        try:
            text = self._text(submission)
        except SubmissionError as problem:
            said = Remark(
                path=submission.path, code=problem.code, text=str(problem).removeprefix(submission.path).strip()
            )
            remarks = tuple(sorted((*submission.remarks, said)))
            return Outcome(
                submission=replace(submission, status=Status.NOT_GRADABLE, remarks=remarks), lateness=lateness
            )
        name = key(self._batch.exercises[submission.exercise], text, self._batch.terms)
        return Outcome(submission=submission, lateness=lateness, key=name)

    def _text(self, submission: Submission) -> str:
        assert submission.load is not None
        return saferead.decode(submission.load(), submission.path)

    def _missing(self, name: str) -> bool:
        report = self.store.get(name)
        return report is None or bool(fault_of(report))

    def grade(self, plan: Plan, executor: Executor, tell: Tell) -> None:
        """Have everything graded that is needed, and keep each result as it comes. Raises SandboxError, files.OutputProblem."""
        done = 0
        tell(done, len(plan.needed))
        if not plan.needed:
            return
        for each in executor.run(self._jobs(plan)):
            if each.encoded:
                self.store.put(each.key, each.encoded)
            if each.fault:
                self._faults[each.key] = each.fault
            done += 1
            tell(done, len(plan.needed))

    def _jobs(self, plan: Plan) -> Iterator[Job]:
        begun: set[str] = set()
        for outcome in plan.outcomes:
            if outcome.key in plan.needed and outcome.key not in begun:
                begun.add(outcome.key)
                submission = outcome.submission
                try:
                    text = self._text(submission)
                except SubmissionError:  # it changed since it was looked at
                    self._faults[outcome.key] = "the file changed while the batch ran"
                    continue
                if key(self._batch.exercises[submission.exercise], text, self._batch.terms) != outcome.key:
                    self._faults[outcome.key] = "the file changed while the batch ran"
                    continue
                yield Job(key=outcome.key, exercise=submission.exercise, text=text)

    def settled(self, plan: Plan) -> list[Outcome]:
        """The outcomes as they stand now: graded where a result is there. Scores only, no reports."""
        outcomes = [self._settled(outcome) for outcome in plan.outcomes]
        return _best(outcomes) if self._batch.policy.attempts == "best" else outcomes

    def _settled(self, outcome: Outcome) -> Outcome:
        if not outcome.key:
            return outcome
        report = self.report(outcome)
        fault = self._faults.get(outcome.key, "")
        if report is None:
            status = Status.GRADER_FAULT if fault else Status.PENDING
            return replace(outcome, submission=replace(outcome.submission, status=status), fault=fault)
        submission = replace(outcome.submission, status=Status.GRADED)
        return replace(outcome, submission=submission, fault=fault or fault_of(report)).with_scores(report)

    def report(self, outcome: Outcome) -> Report | None:
        """The report on a submission, from the store; None when there is none."""
        return self.store.get(outcome.key) if outcome.key else None

    def text(self, outcome: Outcome) -> str:
        """The text that was graded; "" when it can no longer be read."""
        try:
            return self._text(outcome.submission) if outcome.submission.load is not None else ""
        except SubmissionError:
            return ""

    def reports(self, outcomes: Iterable[Outcome]) -> Iterator[tuple[Outcome, Report]]:
        """The outcomes that count and have a report, each with it."""
        for outcome in outcomes:
            report = self.report(outcome) if outcome.submission.status is Status.GRADED else None
            if report is not None:
                yield outcome, report


def _best(outcomes: list[Outcome]) -> list[Outcome]:
    """Of each owner's attempts the one with the highest mark counts, the earliest of equals; the others are superseded."""
    best: dict[tuple[str, str], Outcome] = {}
    for outcome in outcomes:
        place = outcome.submission.place[:2]
        if place not in best or outcome.rank > best[place].rank:
            best[place] = outcome
    chosen = {outcome.submission.place for outcome in best.values()}
    return [
        outcome
        if outcome.submission.place in chosen
        else replace(outcome, submission=replace(outcome.submission, status=Status.SUPERSEDED))
        for outcome in outcomes
    ]
