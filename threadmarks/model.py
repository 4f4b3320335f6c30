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
class Hold:
    """One thread's having a lock, from `start_s` to `end_s`, in virtual seconds."""

    lock: int  # in order of first sight
    letter: str  # "A" for the first, ...: one character while there are few
    name: str  # display name, e.g. "Lock A (line 3)": what it is, its letter, the student's line that made it
    line: int  # the student's line that took it; 0 when none
    start_s: float
    end_s: float
    kept: bool  # True: it was never given back


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLane:
    """One asynchronous task's life. `spans` are ordered and do not overlap."""

    name: str
    number: int  # in order of first sight
    spans: tuple[Span, ...]
    fate: str  # "done", "pending at the end", "ended by ValueError"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One thread's life in a timeline. `spans` are ordered and do not overlap."""

    thread: str  # display name, e.g. "worker-1 (T2)"
    serial: int  # 0 is main; others count up in order of creation
    spans: tuple[Span, ...]
    fate: str  # "ended", "alive at the end", "died: ValueError"
    holds: tuple[Hold, ...] = ()  # ordered by their beginning
    tasks: tuple[TaskLane, ...] = ()  # those whose first step was on this thread


class Doing(StrEnum):
    """What a thread or a task is doing when a turn ends."""

    RUNNING = "running"
    READY = "ready"  # it could run; another does
    WAITING = "waiting"
    SLEEPING = "sleeping"
    ENDED = "ended"


class ActKind(StrEnum):
    """What a thread does in a turn, as far as others can be concerned."""

    STARTS = "starts"  # another thread
    TAKES = "takes"  # a lock
    GIVES = "gives back"  # a lock
    WAKES = "wakes"  # another thread
    PRINTS = "prints"
    POLLS = "polls"
    WAITS = "waits"
    SLEEPS = "sleeps"
    ENDS = "ends"
    AWAITS = "awaits"  # the task whose step it is
    FINISHES = "finishes"  # likewise


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that a thread did."""

    kind: ActKind
    line: int  # in the student's file; 0 when none
    what: str = ""  # the lock, what is waited for, what was printed, what ended it
    other: str = ""  # the thread or task that it concerns: started, woken, holding what is waited for


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What one thread, or one task of it, is doing at a turn's end."""

    serial: int  # of the thread
    task: int = -1  # number of the task; -1: this is the thread's own
    doing: Doing
    what: str = ""  # for waiting: what for
    line: int = 0  # where it stands; 0 when that is not known, or not in the student's file
    holds: tuple[str, ...] = ()  # the locks it has


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One thread runs, from when it got the baton until another gets it (or, in an event loop, until another task does)."""

    number: int  # of the turn, from 1
    choice: int  # how many choices (with more than one candidate) had been made when it got the baton
    could_run: int  # how many threads could have had it then
    at_s: float  # virtual time at its beginning
    serial: int
    thread: str  # display name
    task: int = -1  # number of the task that ran; -1 when none did
    task_name: str = ""
    line: int = 0  # where it stood when it got the baton
    after: str = ""  # what it had waited for until now; "" when it had not
    timed_out: bool = False  # whether that wait ended by its time-out
    acts: tuple[Act, ...] = ()
    more_acts: int = 0  # left out
    preempted: bool = False  # whether it ended although the thread could have gone on
    end_line: int = 0  # where it stood then
    standings: tuple[Standing, ...] = ()  # what has changed by the turn's end
    left_out: int = 0  # greater than 0: no turn, but so many that are not told; `standings` is what they came to


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The lanes of one run, over virtual seconds from 0 to `end_s`, and its turns in order."""

    end_s: float
    lanes: tuple[Lane, ...]
    turns: tuple[Turn, ...] = ()
    cut: bool = False  # True: so much happened that the record of turns, locks and tasks ends before the run does


class StoryKind(StrEnum):
    """What a failing schedule comes down to. The values are codes for `grade explain`."""

    LOST_UPDATE = "lost-update"  # read, another writes, write: the other's write is gone
    STALE_CHECK = "stale-check"  # read, another writes, act on what was read
    HALF_DONE = "seen-half-done"  # write, another reads, write: the other saw what was not finished
    OVERWRITTEN = "overwritten"  # write, another writes, read: somebody else's value comes back
    TOO_EARLY = "too-early"  # one thread was at it before the other had come to it
    INTERRUPTED = "interrupted"  # where a thread was stopped, and what others did meanwhile
    CIRCLE = "waits-in-a-circle"
    HOLDING = "waits-while-holding"  # a lock that others need is kept during another wait
    LOST_WAKEUP = "lost-wakeup"  # a signal came when nobody waited yet
    WOKEN_IN_VAIN = "woken-in-vain"  # another came first, and the one who was woken did not look again
    NEVER_SIGNALLED = "never-signalled"  # nobody is left who could give the signal
    TASKS_LEFT = "tasks-left-waiting"  # of an event loop


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryStep:
    """One step of a story: who, where, and what in words that go on the name: "reads self.count: 0"."""

    actor: str  # display name of a thread or a task
    text: str
    place: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The smallest account of why a schedule failed: steps in the order that hurt, and what came of it."""

    kind: StoryKind
    parties: tuple[StoryStep, ...]  # the lines that got into each other's way, one an actor; [] where steps say it all
    steps: tuple[StoryStep, ...]
    sentence: str  # what was lost


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
    story: Story | None = None  # why the schedule that the verdict rests on failed; None where nothing more is known
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
