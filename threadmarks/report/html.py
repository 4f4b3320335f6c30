"""The report as one page of HTML: what was found, and each schedule to step through, turn by turn, beside the source.

The page stands alone: style, script, pictures and data are in it, and its policy lets it load nothing. Whatever came from a
student's program is escaped by the template, or stands in JSON that no markup can leave. Without JavaScript the pictures and the
lists of turns tell the same. Jinja2 is imported here and only here, when a page is asked for.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from threadmarks.explain import story as stories
from threadmarks.explain import tried
from threadmarks.explain.numbers import counted, got_of, points, seconds
from threadmarks.explain.safe import one_line
from threadmarks.explain.safe import text as safe_text
from threadmarks.explain.turns import preemptions, sentence
from threadmarks.explain.values import alone, pair
from threadmarks.explain.waits import sentences as wait_sentences
from threadmarks.model import CheckResult, Doing, Finding, Report, Standing, Story, Timeline, Turn, Verdict
from threadmarks.report.details import replay_command
from threadmarks.report.drawing import Drawing, Row, draw, running_parties
from threadmarks.report.text import HIDDEN, score_line, word

PAGE = Path(__file__).with_name("page")
SIZE_LIMIT_BYTES = 4 << 20
"""Pictures that would make the page larger are left out, and it says so."""
NAMES_WIDTH = 190
NAME_LENGTH = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlOptions:
    """What the page needs beside the report."""

    title: str = ""  # the exercise's title
    source: str = ""  # the text of the file that was graded
    program: str = "grade"  # what the reader types
    replayed: str = ""  # the token, when this is a replay: then every check is told
    said: tuple[str, ...] = ()  # sentences that go under the score
    size_limit_bytes: int = SIZE_LIMIT_BYTES


def render(report: Report, options: HtmlOptions) -> str:
    """The whole page."""
    return _Page(report, options).render()


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(PAGE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


class _Page:
    def __init__(self, report: Report, options: HtmlOptions) -> None:
        self._report = report
        self._options = options
        self._size = 0
        self._pictured: dict[Timeline, int] = {}  # and under which check
        self._told: dict[Finding, int] = {}
        self._stories: dict[Story, int] = {}  # where each was told first

    def render(self) -> str:
        report, options = self._report, self._options
        style, script = ((PAGE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
        told = [(n, check) for n, check in enumerate(report.checks, start=1) if self._is_told(check)]
        numbers = {number for number, _ in told}
        return (
            _environment()
            .get_template("page.html.jinja")
            .render(
                style=Markup(style),  # noqa: S704  # our own files
                script=Markup(script),  # noqa: S704  # likewise
                style_hash=hash_of(style),
                script_hash=hash_of(script),
                heading=f"{report.exercise}  {one_line(options.title)}".strip(),
                file=one_line(report.file),
                python=report.python,
                kit=report.kit,
                built_upon=one_line(report.extra.get("built_upon", "")),
                replayed=one_line(options.replayed),
                passed=report.verdict is Verdict.PASSED,
                score=score_line(report),
                said=[one_line(sentence) for sentence in (*options.said, report.extra.get(HIDDEN, "")) if sentence],
                findings=[_finding(finding) for finding in report.findings],
                overview=[_overview(number, check, number in numbers) for number, check in enumerate(report.checks, 1)],
                checks=[self._check(number, check) for number, check in told],
                drawn=tried.drawn(report.checks),
                source=_embedded([one_line(line) for line in options.source.splitlines()]),
                finding_block=_finding_block,
            )
            + "\n"
        )

    def _is_told(self, check: CheckResult) -> bool:
        return bool(self._options.replayed) or not check.passed or bool(check.findings)

    def _check(self, number: int, check: CheckResult) -> dict[str, Any]:
        worth = got_of(check.score if check.graded else None, check.spec.points)
        picture, said, see = self._picture(number, check)
        again = check.token and not self._options.replayed
        return {
            "number": number,
            "heading": f"Check {number}, {check.spec.name}: {word(check.verdict)} ({worth})",
            "title": one_line(check.spec.title),
            "findings": [self._finding(number, finding, check.story) for finding in check.findings],
            "story": self._story(number, check.story) if check.story else None,
            "note": _note(check),
            "fault": safe_text(check.fault) if check.verdict is Verdict.GRADER_FAULT else "",
            "picture": picture,
            "said": said,
            "see": see,
            "again": replay_command(self._options.program, check.token, self._report.file) if again else "",
            "tried": tried.found(check),
        }

    def _story(self, number: int, story: Story) -> dict[str, Any]:
        """The story in full, or where it was told before."""
        before = self._stories.setdefault(story, number)
        return {
            "kind": story.kind.value,
            "before": before if before != number else 0,
            "parties": stories.parties(story),
            "steps": [(sentence.partition(" ")[2], source) for sentence, source in stories.steps(story)],
            "sentence": one_line(story.sentence),
        }

    def _finding(self, number: int, finding: Finding, story: Story | None) -> dict[str, Any]:
        """The finding in full, or in one sentence where it was told before."""
        before = self._told.setdefault(finding, number)
        told = _finding(finding, story)
        return told if before == number else {**told, "labelled": [], "before": before}

    def _picture(self, number: int, check: CheckResult) -> tuple[str, str, int]:
        """The picture's markup; or what is said instead, and which check to look at."""
        timeline = check.timeline
        if timeline is None or not timeline.turns:
            return "", "", 0
        before = self._pictured.get(timeline)
        if before is not None:
            return "", "The schedule is that of", before
        made = _picture(number, timeline)
        size = len(made.encode("utf-8", "replace"))
        if self._size + size > self._options.size_limit_bytes:
            limit = f"{self._options.size_limit_bytes / (1 << 20):.3g} MB"
            return (
                "",
                f"The picture is left out, because the page would be larger than {limit}: run the command below.",
                0,
            )
        self._size += size
        self._pictured[timeline] = number
        return made, "", 0


def _overview(number: int, check: CheckResult, told: bool) -> dict[str, Any]:
    return {
        "number": number,
        "verdict": word(check.verdict),
        "passed": check.passed,
        "points": f"{points(check.score)}/{check.spec.points}" if check.graded else f"-/{check.spec.points}",
        "title": one_line(check.spec.title),
        "told": told,
    }


def _note(check: CheckResult) -> str:
    """What is said about a check that could not be graded."""
    if check.verdict is Verdict.GRADER_FAULT:
        said = "The grader itself failed here. This is not your fault and costs no points."
        return f"{said} Please pass this text on to whoever gave you the exercise:" if check.fault else said
    if check.verdict is Verdict.SUSPECT:
        return (
            "Two accounts of the same run differ, so this check gives no automatic marks. It costs you nothing; an instructor "
            "will look at it."
        )
    return ""


def _finding_block(finding: dict[str, Any]) -> Markup:
    return Markup(_environment().get_template("finding.html.jinja").render(finding=finding))  # noqa: S704  # escaped there


def _finding(finding: Finding, story: Story | None = None) -> dict[str, Any]:
    rows = [("measured", finding.measured)]
    if finding.seen and finding.wanted:
        shown = pair(finding.seen, finding.wanted)
        rows += [("seen", shown.seen), ("wanted", shown.wanted), ("", shown.remark)]
    else:
        rows += [("seen", alone(finding.seen)), ("wanted", alone(finding.wanted))]
    if finding.place is not None:
        line = f", line {finding.place.line}" if finding.place.line else ""
        source = finding.place.text.strip()
        rows.append(("where", f"{finding.place.file}{line}" + (f"\n{source}" if source else "")))
    rows += [
        ("" if index else "waits", told)
        for index, told in enumerate(wait_sentences(stories.left_to_tell(finding.waits, story)))
    ]
    rows.append(("means", finding.means))
    note = "" if finding.costs_points else "Note, costs no points: "
    return {
        "message": note + one_line(finding.message),
        "code": one_line(finding.code),
        "labelled": [(label, safe_text(text)) for label, text in rows if text],
        "before": 0,
    }


def _picture(number: int, timeline: Timeline) -> Markup:
    drawing = draw(timeline)
    turns = timeline.turns
    count = turns[-1].number
    remarks = []
    if drawing.left_out:
        remarks.append(f"{counted(drawing.left_out, 'more thread or task', 'more threads and tasks')} not drawn.")
    if timeline.cut:
        remarks.append("So much happened that the record of turns ends before the run does.")
    if any(turn.left_out for turn in turns):
        remarks.append(
            "Of so many turns the first and the last are shown; the list says how many are left out between them."
        )
    return Markup(  # noqa: S704  # escaped by the template
        _environment()
        .get_template("picture.html.jinja")
        .render(
            number=number,
            summary=f"{counted(count, 'turn')}, {counted(preemptions(turns), 'preemption')}, {seconds(timeline.end_s)} s of "
            "virtual time",
            names_width=NAMES_WIDTH,
            width=drawing.width,
            height=drawing.height,
            rows=[_row(row) for row in drawing.rows],
            ticks=drawing.ticks,
            paths=drawing.paths,
            letters=drawing.letters,
            locks=[{"letter": letter, "name": one_line(name)} for letter, name in drawing.locks],
            remarks=remarks,
            sentences=[{"number": turn.number, "text": _told(turns, index)} for index, turn in enumerate(turns)],
            data=_embedded(_data(drawing, turns, count)),
        )
    )


def _row(row: Row) -> dict[str, Any]:
    name = one_line(row.name)
    short = name if len(name) <= NAME_LENGTH else "…" + name[-NAME_LENGTH + 1 :]
    return {
        "name": name,
        "short": short,
        "task": row.task,
        "top": row.top,
        "height": row.height,
        "middle": row.middle,
    }


def _told(turns: Sequence[Turn], index: int) -> str:
    """The sentence of one turn, with the moment where time has passed."""
    turn = turns[index]
    passed = index > 0 and seconds(turns[index - 1].at_s) != seconds(turn.at_s)
    return (f"At {seconds(turn.at_s)} s: " if passed else "") + sentence(turn)


def _data(drawing: Drawing, turns: Sequence[Turn], count: int) -> dict[str, Any]:
    """What the script needs: places, who ran, and the changes of what everybody does."""
    index_of = {row.party: index for index, row in enumerate(drawing.rows)}
    with_tasks = {row.party[0] for row in drawing.rows if row.task}
    return {
        "count": count,
        "width": drawing.column,
        "x": drawing.columns,
        "names": [one_line(row.name) for row in drawing.rows],
        # a thread's place in the source is that of its task, where it has some
        "hidden": [index_of[serial, -1] for serial in sorted(with_tasks) if (serial, -1) in index_of],
        "turns": [
            {
                "n": turn.number,
                "at": seconds(turn.at_s),
                "jolt": int(turn.preempted),
                "line": _line(turn),
                "rows": [index_of[party] for party in running_parties(turn) if party in index_of],
                "stand": [
                    [index_of[standing.serial, standing.task], *_standing(standing)]
                    for standing in turn.standings
                    if (standing.serial, standing.task) in index_of
                ],
            }
            for turn in turns
        ],
    }


def _line(turn: Turn) -> int:
    """The line to look at: where the turn ended, or acted last, or began; 0 when none is the student's."""
    acted = next((act.line for act in reversed(turn.acts) if act.line), 0)
    return turn.end_line or acted or turn.line


def _standing(standing: Standing) -> tuple[str, int, str]:
    what = one_line(standing.what)
    match standing.doing:
        case Doing.RUNNING:
            does = "runs"
        case Doing.READY:
            does = "ready"
        case Doing.WAITING:
            does = f"waits for {what}"
        case Doing.SLEEPING:
            does = "sleeps"
        case Doing.ENDED:
            does = f"ended by {what}" if what else "ended"
    return does, standing.line, ", ".join(one_line(name) for name in standing.holds)


def _embedded(value: Any) -> Markup:
    """JSON that may stand in a script element: nothing in it can end the element or begin a comment."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704  # nothing left to escape


def hash_of(text: str) -> str:
    """The digest by which a page's policy names a style or a script."""
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
