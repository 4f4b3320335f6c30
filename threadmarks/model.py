"""The values that the judge's side passes around: checks, findings, verdicts, reports.

Frozen and free of behaviour beyond arithmetic on themselves. Filled by `judge`, rendered by `report`. Must not import
anything of the kit: everything else imports this.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """What became of one check, or of a whole submission (then: the gravest of its checks' verdicts)."""

    PASSED = "passed"
    FAILED = "failed"  # the behaviour seen is not the behaviour wanted
    DEADLOCK = "deadlock"  # nobody could run and no timer was left
    RACE = "race"  # right under one schedule, wrong under another
    LEAK = "leak"  # something outlived what should have ended it
    HANG = "hang"  # endless spinning, or a call that the engine does not control
    CRASHED = "crashed"  # an exception, an exit or a limit ended the run
    POLICY = "policy"  # the source uses what the exercise forbids
    SUSPECT = "suspect"  # two accounts of the same run differ: no automatic marks
    GRADER_FAULT = "grader fault"  # ungraded: neither costs nor gives points


class Tier(StrEnum):
    """On which Pythons a race can show."""

    INTERPRETER = "this Python"  # a schedule that the interpreter itself can take: it fails here, if seldom
    LANGUAGE = (
        "not guaranteed"  # only between steps that this interpreter happens not to separate; a free-threaded one does
    )


class Visibility(StrEnum):
    """Whether students receive the check (`visible`) or only its title and its message (`hidden`)."""

    VISIBLE = "visible"
    HIDDEN = "hidden"


class Evidence(StrEnum):
    """Where a check's facts come from: seen from outside the student's process too, or told by its trace only."""

    OUTSIDE = "outside"
    TRACE = "trace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A line of the student's file. `line` counts from 1; 0 means the whole file. `text` is their source line."""

    file: str
    line: int
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitEdge:
    """One edge of the wait-for graph: `thread` waits for `what`, which `held_by` holds ("" when nobody holds it)."""

    thread: str
    what: str
    held_by: str
    place: Place | None  # where it waits, in the student's file; None when it waits in the check's driver


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What one thread did from `start_s` to `end_s`, in virtual seconds."""

    start_s: float
    end_s: float
    state: str  # "running", "sleeping", "waiting"
    what: str  # for waiting: what for; else ""
    line: int  # the student's line at its start; 0 when none


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One thread's life in a timeline. `spans` are ordered and do not overlap."""

    thread: str  # display name, e.g. "worker-1 (T2)"
    serial: int  # 0 is main; others count up in order of creation
    spans: tuple[Span, ...]
    fate: str  # "ended", "alive at the end", "died: ValueError"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The lanes of one run, over virtual seconds from 0 to `end_s`."""

    end_s: float
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something noticed that a student should know.

    `code` is stable (kebab-case, `grade explain CODE`). `message` is one sentence in the learner's words. `seen` and
    `wanted` are "" where there is no expectation to compare (a deadlock, an exception).
    """

    code: str
    message: str
    measured: str = ""
    seen: str = ""
    wanted: str = ""
    means: str = ""  # the misconception that this usually shows
    place: Place | None = None
    waits: tuple[WaitEdge, ...] = ()
    costs_points: bool = True  # False: a note


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What one of the two witnesses of a check says: for the instructor, when they do not agree."""

    source: str  # "trace": the controlled run's own report; "witness": seen from outside
    scenario: str
    says: str  # one sentence
    facts: tuple[tuple[str, str], ...]  # names and values


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSpec:
    """The declaration of a check: what it is called, what it is worth, what it teaches."""

    name: str
    title: str  # what the student reads; a sentence about behaviour
    points: int  # >= 0; 0 is a demonstration
    visibility: Visibility
    concept: str
    evidence: Evidence
    about: str = (
        ""  # the name of the API that it judges, e.g. "ThreadPool.close": where to look when a finding has no line
    )
    witness: tuple[str, ...] = ()  # the witness functions that may contest a pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Explored:
    """What an exploration tried of one scenario, up to the first schedule that failed."""

    scenario: str
    schedules: int
    strategies: tuple[str, ...]  # in the order of their first turn
    bound: int = -1  # every schedule with up to so many preemptions was tried; -1: no such promise
    whole: bool = False  # every schedule that there is was tried


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """How a race that a check failed by was found, and what it takes."""

    tier: Tier
    preemptions: int  # of the schedule that is shown; -1: not known, for it ended its process
    found_by: str  # the schedule that failed first, as a token has it, before it was made smaller


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """The verdict on one check, with what explains it."""

    spec: CheckSpec
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    token: str = ""  # replays the run that the verdict rests on; "" when there was none
    timeline: Timeline | None = None
    schedules: int = 0  # how many schedules were tried for this check
    explored: tuple[Explored, ...] = ()  # what explorations tried, in order
    race: Race | None = None  # for a failure under some schedules only
    fault: str = ""  # for a grader fault: the text for the author
    accounts: tuple[Account, ...] = ()  # both, when a witness contests a pass; for the instructor
    remarks: tuple[str, ...] = ()  # what a witness could not say, or noticed without proof; for the instructor

    @property
    def passed(self) -> bool:
        return self.verdict is Verdict.PASSED

    @property
    def graded(self) -> bool:
        """False for a grader fault and for a suspect: these give no automatic marks."""
        return self.verdict not in (Verdict.GRADER_FAULT, Verdict.SUSPECT)

    @property
    def score(self) -> int:
        return self.spec.points if self.passed else 0

    @property
    def max_score(self) -> int:
        return self.spec.points if self.graded else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything said about one submission to one exercise."""

    exercise: str
    file: str  # as the student named it
    verdict: Verdict
    checks: tuple[CheckResult, ...]  # in the order of declaration
    findings: tuple[Finding, ...] = ()  # about the file as a whole: cannot be loaded, policy, notes
    score: float  # after the policy's cap
    max_score: float  # of the graded checks
    ungraded: float = 0.0  # points of checks that could not be graded
    python: str
    kit: str
    extra: dict[str, str] = field(default_factory=dict)
