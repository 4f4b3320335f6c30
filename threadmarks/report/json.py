"""The report as one JSON object: what a program reads after `grade ex02 --json`.

The schema is versioned by its name; a key may be added under the same name, none is renamed or dropped. Scores are
numbers, absent texts are "", absent places are `null` lines.
"""

import json
from typing import Any

import msgspec

from threadmarks.explain.tried import tier
from threadmarks.model import (
    Account,
    CheckResult,
    Explored,
    Finding,
    Race,
    Report,
    Span,
    Story,
    StoryStep,
    Timeline,
)

SCHEMA = "threadmarks/report/1"
ERROR_SCHEMA = "threadmarks/error/1"


def render(report: Report) -> str:
    """The object, indented, with a line break at its end."""
    return dumps(as_object(report))


def dumps(value: dict[str, Any]) -> str:
    """One object as text. ASCII only: it survives every terminal, pipe and encoding."""
    text = json.dumps(_unicode(value), allow_nan=False)
    return msgspec.json.format(text, indent=2) + "\n"  # json's own indentation takes six times as long


def as_object(report: Report) -> dict[str, Any]:
    """The report in plain JSON values."""
    return {
        "schema": SCHEMA,
        "exercise": report.exercise,
        "file": report.file,
        "score": report.score,
        "max_score": report.max_score,
        "ungraded": report.ungraded,
        "verdict": report.verdict.value,
        "python": report.python,
        "kit": report.kit,
        "findings": [_finding(finding) for finding in report.findings],
        "checks": [_check(check) for check in report.checks],
        "extra": dict(report.extra),
    }


def error(code: str, message: str, exit_code: int) -> str:
    """What stands in the report's place when nothing could be graded."""
    return dumps({"schema": ERROR_SCHEMA, "error": {"code": code, "message": message, "exit_code": exit_code}})


def _check(check: CheckResult) -> dict[str, Any]:
    return {
        "name": check.spec.name,
        "title": check.spec.title,
        "concept": check.spec.concept,
        "visibility": check.spec.visibility.value,
        "evidence": check.spec.evidence.value,
        "score": check.score,
        "max_score": check.max_score,
        "points": check.spec.points,
        "passed": check.passed,
        "graded": check.graded,
        "verdict": check.verdict.value,
        "message": message(check),
        "findings": [_finding(finding) for finding in check.findings],
        "token": check.token,
        "schedules": check.schedules,
        "explored": [_explored(explored) for explored in check.explored],
        "race": _race(check.race) if check.race else None,
        "story": _story(check.story) if check.story else None,
        "timeline": _timeline(check.timeline) if check.timeline else None,
        "fault": check.fault,
        "accounts": [_account(account) for account in check.accounts],
        "remarks": list(check.remarks),
    }


def _explored(explored: Explored) -> dict[str, Any]:
    """`every_schedule_up_to`: the number of preemptions up to which every schedule was tried; null: schedules were drawn."""
    return {
        "scenario": explored.scenario,
        "schedules": explored.schedules,
        "strategies": list(explored.strategies),
        "every_schedule_up_to": explored.bound if explored.bound >= 0 else None,
        "every_schedule": explored.whole,
    }


def _race(race: Race) -> dict[str, Any]:
    return {
        "tier": race.tier.value,
        "means": tier(race.tier),
        "preemptions": race.preemptions if race.preemptions >= 0 else None,
        "found_by": race.found_by,
    }


def message(check: CheckResult) -> str:
    """The check in one sentence: its first finding that costs points, or ""."""
    return next((finding.message for finding in check.findings if finding.costs_points), "")


def _finding(finding: Finding) -> dict[str, Any]:
    place = finding.place
    return {
        "code": finding.code,
        "message": finding.message,
        "measured": finding.measured,
        "seen": finding.seen,
        "wanted": finding.wanted,
        "means": finding.means,
        "file": place.file if place else None,
        "line": place.line if place and place.line else None,
        "source": place.text if place else "",
        "costs_points": finding.costs_points,
        "waits": [
            {
                "thread": edge.thread,
                "what": edge.what,
                "held_by": edge.held_by,
                "line": edge.place.line if edge.place else None,
            }
            for edge in finding.waits
        ],
    }


def _unicode(value: Any) -> Any:
    """The value with texts that are Unicode: a file's name may hold bytes that are none, and strict parsers refuse those."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {name: _unicode(item) for name, item in value.items()}
    return [_unicode(item) for item in value] if isinstance(value, list | tuple) else value


def _account(account: Account) -> dict[str, Any]:
    return {
        "source": account.source,
        "scenario": account.scenario,
        "says": account.says,
        "facts": [{"name": name, "value": value} for name, value in account.facts],
    }


def _story(story: Story) -> dict[str, Any]:
    return {
        "kind": story.kind.value,
        "sentence": story.sentence,
        "parties": [_step(party) for party in story.parties],
        "steps": [_step(step) for step in story.steps],
    }


def _step(step: StoryStep) -> dict[str, Any]:
    place = step.place
    return {
        "actor": step.actor,
        "text": step.text,
        "line": place.line if place and place.line else None,
        "source": place.text if place else "",
    }


def _timeline(timeline: Timeline) -> dict[str, Any]:
    return {
        "end_s": timeline.end_s,
        "lanes": [
            {
                "thread": lane.thread,
                "serial": lane.serial,
                "fate": lane.fate,
                "spans": _spans(lane.spans),
                "holds": [[hold.start_s, hold.end_s, hold.name, hold.line, hold.kept] for hold in lane.holds],
                "tasks": [
                    {"task": task.name, "number": task.number, "fate": task.fate, "spans": _spans(task.spans)}
                    for task in lane.tasks
                ],
            }
            for lane in timeline.lanes
        ],
    }


def _spans(spans: tuple[Span, ...]) -> list[list[Any]]:
    return [[span.start_s, span.end_s, span.state, span.what, span.line] for span in spans]
