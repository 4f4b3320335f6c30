"""Grades the files that an exercise ships and holds each report against what the file promises."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from threadmarks.authoring.rows import Row
from threadmarks.authoring.wrong import Declaration, declaration
from threadmarks.catalog import Exercise, did_you_mean, read_content
from threadmarks.errors import ThreadmarksError
from threadmarks.judge import grade_source
from threadmarks.judge.pytest_session import HeldChecks
from threadmarks.model import CheckResult, Report, Verdict
from threadmarks.sandbox.host import Host
from threadmarks.sandbox.saferead import Source

POINTS = 20
"""What every exercise is worth."""
BRIEF_SCHEDULES = 12
"""In a brief check: how many schedules an exploration of a right file tries. A wrong one is explored where it must fail, and only there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One file to grade, and what kind of promise it makes."""

    exercise: Exercise
    kind: str  # "stub", "reference", "alternative", "wrong"
    path: Path

    @property
    def what(self) -> str:
        return self.kind if self.kind in ("stub", "reference") else f"{self.kind} {self.path.stem}"


def tasks(exercise: Exercise) -> list[Task]:
    """Every file of an exercise that makes a promise."""
    found = [("stub", exercise.stub), ("reference", exercise.reference)]
    found += [("alternative", path) for path in exercise.alternatives]
    found += [("wrong", path) for path in exercise.wrong]
    return [Task(exercise=exercise, kind=kind, path=path) for kind, path in found]


def prove(task: Task, host: Host, held: HeldChecks, *, brief: bool = False) -> Row:
    """Grade the file and compare. Never raises for what the content does wrong: that is the row's problem.

    `brief`: what must fail is looked for with all schedules; what must pass tries few, or of a wrong solution one.

    No promise is about which of its failing schedules a report shows, so none is made small.
    """
    try:
        text = read_content(task.path)
        judge = _JUDGES[task.kind]
        promise, holds = judge(task, text)
        source = Source(file=task.exercise.file_name, text=text)
        wrong = task.kind == "wrong"
        few = (1 if wrong else BRIEF_SCHEDULES) if brief else None
        whole = [item.check for item in declaration(text, str(task.path)).must_fail] if wrong else []
        report = grade_source(
            task.exercise, source, host=host, held=held, smallest=False, most_schedules=few, whole=whole
        )
    except ThreadmarksError as problem:
        return Row(exercise=task.exercise.id, what=task.what, promise="", seen="", problems=(str(problem),))
    problems = (*_faults(report), *holds(report))
    return Row(exercise=task.exercise.id, what=task.what, promise=promise, seen=_seen(report), problems=problems)


Holds = Callable[[Report], list[str]]


def _seen(report: Report) -> str:
    failed = [check.spec.name for check in report.checks if not check.passed]
    points = f"{report.score:g}/{report.max_score:g} {report.verdict.value}"
    return f"{points}: {', '.join(failed)}" if failed else points


def _faults(report: Report) -> list[str]:
    """What may not happen with any file of ours."""
    found = []
    for check in report.checks:
        if check.verdict in (Verdict.GRADER_FAULT, Verdict.SUSPECT):
            told = check.fault.strip().splitlines()
            found.append(f"{check.spec.name}: {check.verdict.value}{f': {told[-1]}' if told else ''}")
    return found


def _codes(check: CheckResult, report: Report) -> set[str]:
    """The codes that explain a check's failure: its own, or those of a file that could not be loaded."""
    own = {finding.code for finding in check.findings if finding.costs_points}
    return own or {finding.code for finding in report.findings if finding.costs_points}


def _stub(task: Task, _text: str) -> tuple[str, Holds]:
    promise = task.exercise.meta.stub

    def holds(report: Report) -> list[str]:
        problems = []
        if report.verdict is not promise.verdict:
            problems.append(f"verdict {report.verdict.value}; declared is {promise.verdict.value}")
        for check in report.checks:
            codes = _codes(check, report)
            if check.passed:
                problems.append(f"{check.spec.name} passes on the stub")
            elif promise.finding not in codes:
                problems.append(f"{check.spec.name}: {', '.join(sorted(codes))}; declared is {promise.finding}")
        problems += _policy_problems(report)
        if all(finding.code != "unchanged-stub" for finding in report.findings):
            problems.append("the stub is not recognised as the stub")
        return problems

    return f"{promise.verdict.value}, every check {promise.finding}", holds


def _correct(_task: Task, _text: str) -> tuple[str, Holds]:
    def holds(report: Report) -> list[str]:
        problems = []
        worth = sum(check.spec.points for check in report.checks)
        if worth != POINTS:
            problems.append(f"the checks are worth {worth} points, not {POINTS}")
        for check in report.checks:
            if not check.passed and check.graded:
                message = next((finding.message for finding in (*check.findings, *report.findings)), "")
                codes = ", ".join(sorted(_codes(check, report)))
                problems.append(f"{check.spec.name}: {check.verdict.value}: {codes}: {message}")
        return problems + _policy_problems(report)

    return f"{POINTS}/{POINTS}", holds


def _wrong(task: Task, text: str) -> tuple[str, Holds]:
    declared = declaration(text, str(task.path))
    names = ", ".join(f"{item.check} ({item.finding})" for item in declared.must_fail)

    def holds(report: Report) -> list[str]:
        problems = _unknown_names(declared, report) + _wrong_problems(declared, report)
        return problems + _policy_problems(report, declared.policy)

    return f"fails {names}", holds


def _policy_problems(report: Report, declared: tuple[str, ...] = ()) -> list[str]:
    """A policy that accuses a file of ours without being told to would accuse an honest student."""
    told = [finding.message for finding in report.findings if finding.code == "policy"]
    problems = [f"policy: {message}" for message in told if not any(f": {what}." in message for what in declared)]
    return problems + [
        f'policy: "{what}" is declared and was not found'
        for what in declared
        if not any(f": {what}." in message for message in told)
    ]


def _unknown_names(declared: Declaration, report: Report) -> list[str]:
    known = [check.spec.name for check in report.checks]
    named = [*(item.check for item in declared.must_fail), *declared.may_fail]
    return [f'there is no check "{name}".{did_you_mean(name, known)}' for name in named if name not in known]


def _wrong_problems(declared: Declaration, report: Report) -> list[str]:
    must = {item.check: item.finding for item in declared.must_fail}
    problems = []
    for check in report.checks:
        name, codes = check.spec.name, ", ".join(sorted(_codes(check, report)))
        if name in must:
            if check.passed:
                problems.append(f"{name} passes; it must fail with {must[name]}")
            elif must[name] not in _codes(check, report):
                problems.append(f"{name} fails with {codes}; it must fail with {must[name]}")
            elif declared.verdict is not None and check.verdict is not declared.verdict:
                problems.append(f"{name}: verdict {check.verdict.value}; declared is {declared.verdict.value}")
        elif name not in declared.may_fail and not check.passed:
            problems.append(f"{name} fails with {codes}; it is in neither list")
    return problems


_JUDGES: dict[str, Callable[[Task, str], tuple[str, Holds]]] = {
    "stub": _stub,
    "reference": _correct,
    "alternative": _correct,
    "wrong": _wrong,
}
