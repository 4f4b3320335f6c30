"""From outcomes and reports to what the pages of a class show. Keeps a line for each check, never a report.

One report at a time is looked at (`add`), in the order of outcomes; then `pages` gives a page for each exercise and, of several, one above them.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from threadmarks import __version__
from threadmarks.batch import similar
from threadmarks.batch.outcome import Outcome
from threadmarks.batch.submission import Status
from threadmarks.catalog import Exercise, read_content
from threadmarks.model import Finding, Report, Verdict
from threadmarks.report.class_page import UNGRADED, WORDS, Cell, ClassPage, Column, Common, Notice, Pair, Student

MOST_COMMON = 12


@dataclass(slots=True)
class _Findings:
    """One code in one exercise."""

    finding: Finding
    who: str
    href: str
    students: set[str] = field(default_factory=set)
    checks: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class _Class:
    """One exercise's."""

    exercise: Exercise
    columns: tuple[Column, ...] = ()
    students: list[Student] = field(default_factory=list)
    suspects: list[Notice] = field(default_factory=list)
    faults: list[Notice] = field(default_factory=list)
    findings: dict[str, _Findings] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)  # by owner's key: where the text is, is asked for once
    same: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # owners by result


class ClassData:
    """Everything that the pages need."""

    def __init__(self, exercises: dict[str, Exercise], hrefs: Callable[[Outcome], str]) -> None:
        """`hrefs` says where an outcome's feedback lies, from the page."""
        self._exercises = exercises
        self._href = hrefs
        self._classes: dict[str, _Class] = {}
        self._names: dict[str, str] = {}
        self._hrefs: dict[tuple[str, str], str] = {}

    def add(self, outcome: Outcome, report: Report | None, text: str) -> None:
        """Take one outcome in, unless another attempt counts instead of it."""
        submission = outcome.submission
        if submission.status is Status.SUPERSEDED:
            return
        owner, known = submission.owner, self._exercises[submission.exercise]
        each = self._classes.setdefault(known.id, _Class(exercise=known))
        href = self._href(outcome) if report is not None else ""
        self._names[owner.key] = who = _who(owner.mark_id, owner.name)
        self._hrefs[known.id, owner.key] = href
        cells: tuple[Cell | None, ...] = ()
        if report is not None:
            each.columns = each.columns or tuple(
                Column(name=check.spec.name, title=f"{check.spec.title} ({check.spec.points})")
                for check in report.checks
            )
            cells = _cells(report, each.columns)
            self._look(each, report, owner.key, who, href)
            if text:
                each.same[outcome.key].append(owner.key)
                if len(each.same[outcome.key]) == 1:
                    each.texts[owner.key] = text
        if outcome.fault:
            each.faults.append(Notice(who=who, says=f"{known.id}: {outcome.fault}", href=href))
        each.students.append(
            Student(
                id=owner.mark_id,
                name=owner.name,
                status=submission.status.value,
                score=outcome.score,
                max_score=outcome.max_score,
                mark=outcome.mark,
                late=outcome.lateness.said,
                attention=outcome.attention,
                cells=cells,
                href=href,
            )
        )

    def _look(self, each: _Class, report: Report, key: str, who: str, href: str) -> None:
        for check in report.checks:
            if check.verdict is Verdict.SUSPECT:
                accounts = "; ".join(f"{account.source} says: {account.says}" for account in check.accounts)
                each.suspects.append(
                    Notice(who=who, says=f"{report.exercise} {check.spec.name}. {accounts}", href=href)
                )
            for finding in check.findings if not check.passed else ():
                kept = each.findings.setdefault(finding.code, _Findings(finding=finding, who=who, href=href))
                kept.students.add(key)
                kept.checks[check.spec.name] = None
        for finding in report.findings:
            kept = each.findings.setdefault(finding.code, _Findings(finding=finding, who=who, href=href))
            kept.students.add(key)
            kept.checks["the file"] = None

    def pages(self) -> dict[str, ClassPage]:
        """The pages by file name: `class.html`, and `class-exNN.html` for each exercise where there are several."""
        made = {id_: self._page(each) for id_, each in self._classes.items()}
        if len(made) == 1:
            return {"class.html": next(iter(made.values()))}
        return {"class.html": self._above(made), **{f"class-{id_}.html": page for id_, page in made.items()}}

    def _page(self, each: _Class) -> ClassPage:
        common = sorted(each.findings.values(), key=lambda found: -len(found.students))
        pairs, compared = self._pairs(each)
        return ClassPage(
            title=f"{each.exercise.id} {each.exercise.title}: the class",
            unit="check",
            columns=each.columns,
            students=tuple(each.students),
            suspects=tuple(each.suspects),
            faults=tuple(each.faults),
            common=tuple(_common(found) for found in common[:MOST_COMMON]),
            pairs=pairs,
            compared=compared,
            kit=__version__,
        )

    def _pairs(self, each: _Class) -> tuple[tuple[Pair, ...], str]:
        same = [self._pair(each, keys[0], other, "the same text") for keys in each.same.values() for other in keys[1:]]
        if not similar.installed():
            return tuple(same), "Only equal texts were looked for: pip install 'threadmarks[lms]' for more."
        found = similar.alike(each.texts, read_content(each.exercise.stub))
        alike = [self._pair(each, pair.one, pair.other, f"{pair.share:.0%}") for pair in found]
        told = (
            f"A hint to look, and no more. Compared without names, comments, layout and what the stub gives; told from "
            f"{similar.LIKENESS:.0%} on, where at least {similar.LEAST_TOKENS} tokens are a student's own."
        )
        return (*same, *alike), told if same or alike else f"{told} There are none."

    def _pair(self, each: _Class, one: str, other: str, alike: str) -> Pair:
        id_ = each.exercise.id
        return Pair(
            one=self._names[one],
            one_href=self._hrefs[id_, one],
            other=self._names[other],
            other_href=self._hrefs[id_, other],
            alike=alike,
        )

    def _above(self, made: dict[str, ClassPage]) -> ClassPage:
        """The page of all exercises."""
        rows: dict[tuple[str, str], dict[str, Student]] = defaultdict(dict)
        for id_, page in made.items():
            for student in page.students:
                rows[student.id, student.name][id_] = student
        full = {
            id_: max((student.max_score or 0.0 for student in page.students), default=0.0) for id_, page in made.items()
        }
        columns = tuple(Column(name=id_, title=self._exercises[id_].title, href=f"class-{id_}.html") for id_ in made)
        return ClassPage(
            title="The class",
            unit="exercise",
            columns=columns,
            students=tuple(_sum(full, row) for row in rows.values()),
            suspects=tuple(notice for page in made.values() for notice in page.suspects),
            faults=tuple(notice for page in made.values() for notice in page.faults),
            kit=__version__,
        )


def _who(id_: str, name: str) -> str:
    return f"{name} ({id_})" if name not in ("", id_) else id_


def _cells(report: Report, columns: Sequence[Column]) -> tuple[Cell | None, ...]:
    by_name = {check.spec.name: check for check in report.checks}
    cells: list[Cell | None] = []
    for column in columns:
        check = by_name.get(column.name)
        if check is None:
            cells.append(None)
        else:
            verdict = check.verdict.value
            cells.append(Cell(text=WORDS[verdict], share=None if verdict in UNGRADED else float(check.passed)))
    return tuple(cells)


def _common(found: _Findings) -> Common:
    place = found.finding.place
    return Common(
        code=found.finding.code,
        students=len(found.students),
        checks=tuple(found.checks),
        message=found.finding.message,
        example=found.who,
        href=found.href,
        line=place.line if place else 0,
        source=place.text.strip() if place else "",
    )


def _sum(full: dict[str, float], row: dict[str, Student]) -> Student:
    """One student over all exercises. What was not handed in counts as none of its points, what nobody could grade for nothing."""
    marked = [each for each in row.values() if each.mark is not None]
    missing = sum(full[id_] for id_, each in row.items() if each.status == Status.MISSING.value)
    done = all(each.status == Status.GRADED.value for each in row.values())
    return replace(
        next(iter(row.values())),
        status="graded" if done else "incomplete",
        score=None,
        mark=round(sum(each.mark or 0.0 for each in marked), 2) if marked else None,
        max_score=sum(each.max_score or 0.0 for each in marked) + missing if marked else None,
        late="late" if any(each.late for each in row.values()) else "",
        attention=any(each.attention for each in row.values()),
        cells=tuple(_exercise_cell(row.get(id_)) for id_ in full),
        href="",
    )


def _exercise_cell(student: Student | None) -> Cell | None:
    if student is None:
        return None
    if student.mark is None or not student.max_score:
        return Cell(text=student.status)
    return Cell(text=f"{student.mark:g}", share=student.mark / student.max_score)
