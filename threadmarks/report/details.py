"""The findings of a report in full: what was measured, seen and wanted, where, what it means, how to see it again.

Checks with the same verdict and the same findings are told together, and what was told once is referred to afterwards:
a report is read from top to bottom. Part of `text`; writes on the page that it is given.
"""

import os
import shlex
from collections.abc import Iterable

from threadmarks.explain import story as stories
from threadmarks.explain import timeline as timelines
from threadmarks.explain import tried
from threadmarks.explain import turns as turn_sentences
from threadmarks.explain.numbers import counted, got_of, seconds
from threadmarks.explain.safe import lines as safe_lines
from threadmarks.explain.safe import one_line
from threadmarks.explain.values import alone, pair
from threadmarks.explain.waits import sentences
from threadmarks.model import CheckResult, Finding, Place, Report, Story, Timeline, Verdict, WaitEdge
from threadmarks.report.layout import LABEL_WIDTH, Page, Role

FAULT_LINES = 30
PICTURELESS = frozenset(
    {"not-implemented", "syntax-error", "import-error", "missing-module", "missing-api", "wrong-signature"}
)
"""Findings that a picture of threads does not help with."""

Numbered = tuple[int, CheckResult]


class Details:
    """Tells findings on a page and remembers what was told, and under which check."""

    def __init__(self, page: Page, report: Report, *, program: str, picture: bool, replay: bool = False) -> None:
        self._page = page
        self._report = report
        self._program = program
        self._picture = picture
        self._replay = replay  # True: every check is told, with its timeline and without the way to see it again
        self._told_findings: dict[Finding, str] = {}
        self._told_meanings: dict[str, str] = {}
        self._told_stories: dict[Story, str] = {}
        self._told_timelines: dict[Timeline, str] = {}
        self._legend_told = False

    def about_the_file(self) -> None:
        """Findings about the file as a whole."""
        for finding in self._report.findings:
            self._page.blank()
            self._finding(finding, "the file", indent=0)

    def about_the_checks(self) -> None:
        """Every check that did not pass, then the notes of those that did."""
        groups: dict[tuple[Verdict, tuple[Finding, ...], str], list[Numbered]] = {}
        notes: list[Numbered] = []
        for number, check in enumerate(self._report.checks, start=1):
            if check.passed and not self._replay:
                notes += [(number, check)] if check.findings else []
            elif self._replay or check.findings or not check.graded or not self._report.findings:
                groups.setdefault((check.verdict, check.findings, check.fault), []).append((number, check))
        for group in groups.values():
            self._group(group)
        for number, check in notes:
            self._page.blank()
            self._page.paragraph(f"Check {number} passed, with a note", role=Role.HEADING)
            self._findings(check, f"check {number}")

    def for_the_instructor(self) -> None:
        """Both accounts of the checks that a witness contests, and what witnesses could not say."""
        told = [(n, check) for n, check in enumerate(self._report.checks, start=1) if check.accounts or check.remarks]
        if not told:
            return
        self._page.blank()
        self._page.paragraph("For the instructor: what was seen from outside", role=Role.HEADING)
        for number, check in told:
            self._page.blank()
            self._page.paragraph(f"Check {number}, {check.spec.name}: {check.verdict.value}", indent=2)
            for account in check.accounts:
                scenario = f" ({account.scenario})" if account.scenario else ""
                self._page.paragraph(f"{account.source}{scenario}: {account.says}", indent=4, hang=2)
                for name, value in account.facts:
                    self._page.paragraph(f"{name}: {value}", indent=8, hang=2)
            for remark in check.remarks:
                self._page.paragraph(f"note: {remark}", indent=4, hang=2)

    def _group(self, group: list[Numbered]) -> None:
        number, check = group[0]
        label = f"check {number}"
        self._page.blank()
        role = Role.PASSED if check.passed else Role.NOT_PASSED if check.graded else Role.UNGRADED
        self._page.paragraph(_heading(group), role=role)
        if len(group) == 1:
            self._page.paragraph(one_line(check.spec.title), indent=2)
        if check.verdict is Verdict.GRADER_FAULT:
            self._fault(check)
        elif check.verdict is Verdict.SUSPECT and not check.accounts:
            self._page.paragraph(
                "Two accounts of the same run differ, so this check gives no automatic marks. It costs you nothing; an instructor "
                "will look at it.",
                indent=2,
            )
        self._findings(check, label)
        self._story(check, label)
        self._timeline(check, label)
        self._again(check)

    def _fault(self, check: CheckResult) -> None:
        self._page.paragraph(
            "The grader itself failed here. This is not your fault and costs no points. Please pass this text on to whoever "
            "gave you the exercise:",
            indent=2,
        )
        told = safe_lines(check.fault)
        for line in told[-FAULT_LINES:]:
            self._page.raw(line, indent=4)

    def _findings(self, check: CheckResult, label: str) -> None:
        for finding in check.findings:
            self._page.blank()
            before = self._told_findings.get(finding)
            if before:
                self._page.paragraph(
                    f"{one_line(finding.message)} [{finding.code}] As above, under {before}.", indent=2
                )
            else:
                self._finding(finding, label, indent=2, story=check.story)

    def _finding(self, finding: Finding, label: str, *, indent: int, story: Story | None = None) -> None:
        self._told_findings[finding] = label
        page, inner = self._page, indent + 2
        note = "" if finding.costs_points else "Note, costs no points: "
        page.paragraph(f"{note}{one_line(finding.message)} [{finding.code}]", indent=indent)
        page.labelled("measured", finding.measured, indent=inner)
        if finding.seen and finding.wanted:
            shown = pair(finding.seen, finding.wanted)
            page.labelled("seen", shown.seen, indent=inner)
            page.labelled("wanted", shown.wanted, indent=inner)
            page.labelled("", f"({shown.remark})" if shown.remark else "", indent=inner)
        else:
            page.labelled("seen", alone(finding.seen), indent=inner)
            page.labelled("wanted", alone(finding.wanted), indent=inner)
        self._where(finding.place, inner)
        self._waits(stories.left_to_tell(finding.waits, story), inner)
        self._means(finding.means, label, inner)

    def _where(self, place: Place | None, indent: int) -> None:
        if place is None:
            return
        line = f", line {place.line}" if place.line else ""
        self._page.labelled("where", f"{one_line(place.file)}{line}", indent=indent)
        source = one_line(place.text.strip())
        if source:
            self._page.raw(f"| {source}", indent=indent + LABEL_WIDTH + 1)

    def _waits(self, waits: tuple[WaitEdge, ...], indent: int) -> None:
        for number, sentence in enumerate(sentences(waits)):
            self._page.labelled("" if number else "waits", sentence, indent=indent)

    def _means(self, means: str, label: str, indent: int) -> None:
        if not means:
            return
        before = self._told_meanings.setdefault(means, label)
        self._page.labelled("means", means if before == label else f"as above, under {before}", indent=indent)

    def _story(self, check: CheckResult, label: str) -> None:
        story = check.story
        if story is None:
            return
        page = self._page
        page.blank()
        before = self._told_stories.setdefault(story, label)
        if before != label:
            page.paragraph(f"What happened [{story.kind.value}]: as above, under {before}.", indent=2)
            return
        page.paragraph(f"What happened [{story.kind.value}]", indent=2)
        for number, party in enumerate(stories.parties(story)):
            page.labelled("and" if number else "between", party, indent=4)
        for sentence, source in stories.steps(story):
            page.paragraph(sentence, indent=4, hang=3)
            if source:
                page.raw(f"| {source}", indent=7)
        page.paragraph(story.sentence, indent=4)

    def _timeline(self, check: CheckResult, label: str) -> None:
        timeline = check.timeline
        if timeline is None or not (self._replay or _helps(timeline, check)):
            return
        self._page.blank()
        before = self._told_timelines.setdefault(timeline, label)
        if before != label:
            self._page.paragraph(f"Threads over virtual time: as above, under {before}.", indent=2)
            return
        self._page.paragraph(f"Threads over virtual time, from 0 to {seconds(timeline.end_s)} s", indent=2)
        self._lanes(timeline)
        if self._replay:
            self._turns(timeline)

    def _turns(self, timeline: Timeline) -> None:
        """For a replay: the schedule itself, turn by turn."""
        if not timeline.turns:
            return
        told = counted(turn_sentences.preemptions(timeline.turns), "preemption")
        self._page.blank()
        self._page.paragraph(f"The schedule, turn by turn ({told})", indent=2)
        for sentence in turn_sentences.listing(timeline.turns):
            self._page.paragraph(sentence, indent=4, hang=4)
        if timeline.cut:
            self._page.paragraph("So much happened that the record of turns ends here; the run went on.", indent=4)

    def _lanes(self, timeline: Timeline) -> None:
        drawn = timelines.picture(timeline, self._page.width - 4) if self._picture else []
        if not drawn:
            for sentence in timelines.listing(timeline):
                self._page.paragraph(sentence, indent=4, hang=2)
            return
        for row in drawn:
            self._page.raw(row, indent=4)
        if not self._legend_told:
            self._page.paragraph(timelines.LEGEND, indent=4, role=Role.QUIET)
            self._legend_told = True
        for place in (*timelines.places(timeline), *timelines.locks(timeline)):
            self._page.paragraph(place, indent=4, hang=2)

    def _again(self, check: CheckResult) -> None:
        if not check.token or self._replay or _not_written(check):
            return
        self._page.blank()
        how = tried.found(check)
        if how:
            self._page.paragraph(f"{how} See the one that failed again:", indent=2)
        else:
            self._page.paragraph("See this run again:", indent=2)
        # Never wrapped: it is there to be copied.
        self._page.raw(replay_command(self._program, check.token, self._report.file), indent=4, role=Role.COMMAND)


def replay_command(program: str, token: str, file: str) -> str:
    """The command that runs the schedule named by `token` again."""
    return f"{program} replay {shlex.quote(token)} {_word(file)}"


def _word(text: str) -> str:
    """`text` as one word of a command line. A name with unprintable characters is spelled so that the terminal obeys none."""
    if text.isprintable():
        return shlex.quote(text)
    spelled = "".join(
        chr(byte) if 32 <= byte < 127 and chr(byte) not in "\\'" else f"\\x{byte:02x}" for byte in os.fsencode(text)
    )
    return f"$'{spelled}'"  # as bash, zsh and POSIX 2024 read it


def _helps(timeline: Timeline, check: CheckResult) -> bool:
    """A picture helps where time passed, and where the story is not told by a single line of source."""
    return timeline.end_s > 0 and not any(finding.code in PICTURELESS for finding in check.findings)


def _not_written(check: CheckResult) -> bool:
    """There is nothing to see again in a function that is not there yet."""
    return bool(check.findings) and all(finding.code == "not-implemented" for finding in check.findings)


def _heading(group: Iterable[Numbered]) -> str:
    checks = list(group)
    check = checks[0][1]
    worth = sum(each.spec.points for _, each in checks)
    score = got_of(sum(each.score for _, each in checks) if check.graded else None, worth)
    verdict = check.verdict.value.upper()
    if len(checks) == 1:
        return f"Check {checks[0][0]}, {check.spec.name}: {verdict} ({score})"
    return f"Checks {_enumerated([number for number, _ in checks])}: {verdict} ({score})"


def _enumerated(numbers: list[int]) -> str:
    """`1 to 5, 7 and 9`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    told = []
    for run in runs:
        told += [f"{run[0]} to {run[-1]}"] if len(run) > 2 else [str(number) for number in run]
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
