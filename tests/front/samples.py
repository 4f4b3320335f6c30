"""Reports made by hand, for tests of the renderers: one of every kind of ending."""

from dataclasses import replace

from threadmarks.model import (
    Act,
    ActKind,
    CheckResult,
    CheckSpec,
    Doing,
    Evidence,
    Explored,
    Finding,
    Hold,
    Lane,
    Place,
    Race,
    Report,
    Span,
    Standing,
    Story,
    StoryKind,
    StoryStep,
    TaskLane,
    Tier,
    Timeline,
    Turn,
    Verdict,
    Visibility,
    WaitEdge,
)


def spec(name: str, points: int = 2, title: str = "") -> CheckSpec:
    """A check's declaration."""
    return CheckSpec(
        name=name,
        title=title or f"What {name} promises holds",
        points=points,
        visibility=Visibility.VISIBLE,
        concept="thread pool",
        evidence=Evidence.OUTSIDE,
    )


def span(start_s: float, end_s: float, state: str, what: str = "", line: int = 0) -> Span:
    """A span of a lane."""
    return Span(start_s=start_s, end_s=end_s, state=state, what=what, line=line)


TIMELINE = Timeline(
    end_s=2.0,
    lanes=(
        Lane(
            thread="main (T0)",
            serial=0,
            spans=(span(0, 0, "running"), span(0, 2, "waiting", "Thread.join", 5), span(2, 2, "running", line=5)),
            fate="ended",
        ),
        Lane(
            thread="worker-1 (T1)",
            serial=1,
            spans=(
                span(0, 0.5, "sleeping", line=8),
                span(0.5, 0.5, "running", line=8),
                span(0.5, 2, "waiting", "Lock", 9),
            ),
            fate="alive at the end",
        ),
    ),
)


def hold(start_s: float, end_s: float, number: int, line: int, *, kept: bool = False) -> Hold:
    """A hold of the lock with that number."""
    letter = chr(ord("A") + number)
    return Hold(
        lock=number, letter=letter, name=f"Lock {letter} (line 3)", line=line, start_s=start_s, end_s=end_s, kept=kept
    )


TASKS_AND_LOCKS = Timeline(
    end_s=4.0,
    lanes=(
        Lane(
            thread="main",
            serial=0,
            spans=(span(0, 0, "running"), span(0, 4, "waiting", "asyncio.run", 30)),
            fate="alive at the end",
            holds=(hold(1, 3, 0, 12), hold(2, 4, 1, 13, kept=True), hold(3.5, 3.5, 2, 14)),
            tasks=(
                TaskLane(
                    name="fetch", number=0, spans=(span(0, 0, "running"), span(0, 3, "sleeping", line=9)), fate="done"
                ),
                TaskLane(
                    name="\u202estore",
                    number=1,
                    spans=(span(1, 1, "running"), span(1, 4, "waiting", "Queue.get", 18)),
                    fate="pending at the end",
                ),
            ),
        ),
        Lane(thread="worker (T1)", serial=1, spans=(span(1, 4, "waiting", "Lock", 20),), fate="alive at the end"),
    ),
)


def turn(number: int, serial: int, *acts: Act, **more: object) -> Turn:
    """A turn of main or of worker."""
    made = Turn(
        number=number,
        choice=number,
        could_run=2,
        at_s=0.0,
        serial=serial,
        thread=("main", "worker (T1)")[serial],
        acts=acts,
    )
    return replace(made, **more)  # type: ignore[arg-type]


TURNS = (
    turn(
        1,
        0,
        Act(kind=ActKind.STARTS, line=4, other="worker (T1)"),
        Act(kind=ActKind.TAKES, line=5, what="Lock A (line 3)"),
        preempted=True,
        end_line=6,
        standings=(
            Standing(serial=0, doing=Doing.READY, line=6, holds=("Lock A (line 3)",)),
            Standing(serial=1, doing=Doing.READY),
        ),
    ),
    turn(
        2,
        1,
        Act(kind=ActKind.WAITS, line=9, what="Lock", other="main"),
        standings=(Standing(serial=1, doing=Doing.WAITING, what="Lock", line=9),),
    ),
    turn(
        3,
        0,
        Act(kind=ActKind.WAITS, line=7, what="Thread.join", other="worker (T1)"),
        line=6,
        standings=(Standing(serial=0, doing=Doing.WAITING, what="Thread.join", line=7, holds=("Lock A (line 3)",)),),
    ),
)

PARALLEL = Finding(
    code="jobs-not-parallel",
    message="Only one job runs at a time.",
    measured="jobs that met at the barrier",
    seen="1",
    wanted="4",
    means="You run the job while holding the queue's lock, so that the other workers wait for its end.",
    place=Place(file="ex02.py", line=31, text="        with self._lock: job()"),
)

CIRCLE = Finding(
    code="deadlock",
    message="Your program came to a state in which nobody can go on.",
    waits=(
        WaitEdge(thread="A", what="Lock", held_by="B", place=Place(file="ex02.py", line=3, text="with b:")),
        WaitEdge(thread="B", what="Lock", held_by="A", place=Place(file="ex02.py", line=9, text="with a:")),
        WaitEdge(thread="main", what="Thread.join", held_by="A", place=None),
    ),
)


def step(actor: str, text: str, line: int, source: str) -> StoryStep:
    """A step of a story."""
    return StoryStep(actor=actor, text=text, place=Place(file="ex02.py", line=line, text=source))


UPDATE = "            self.panics += 1"
LOST_UPDATE = Story(
    kind=StoryKind.LOST_UPDATE,
    parties=(step("worker-0 (T1)", "self.panics", 45, UPDATE), step("worker-1 (T2)", "self.panics", 45, UPDATE)),
    steps=(
        step("worker-0 (T1)", "reads self.panics: 0", 45, UPDATE),
        step("worker-1 (T2)", "reads self.panics: 0", 45, UPDATE),
        step("worker-1 (T2)", "writes self.panics: 1", 45, UPDATE),
        step("worker-0 (T1)", "writes self.panics: 1", 45, UPDATE),
    ),
    sentence="worker-0 (T1) had read self.panics before worker-1 (T2) wrote 1 to it, and writes over that without having seen it: "
    "the update by worker-1 (T2) is lost.",
)
IN_A_CIRCLE = Story(
    kind=StoryKind.CIRCLE,
    parties=(),
    steps=(
        step("A", "takes the Lock", 2, "with a:"),
        step("B", "takes the Lock", 8, "with b:"),
        step("A", "waits for the Lock that B has", 3, "with b:"),
        step("B", "waits for the Lock that A has", 9, "with a:"),
    ),
    sentence="A and B wait for each other: none of them can go on.",
)

NOT_IMPLEMENTED = Finding(
    code="not-implemented",
    message="ThreadPool.__init__ is not implemented yet.",
    place=Place(file="ex02.py", line=22, text="        raise NotImplementedError"),
)

NOTE = Finding(code="polling", message="An idle worker wakes four times a second.", seen="4", costs_points=False)


def passed(name: str, points: int = 2, **more: object) -> CheckResult:
    """A check that passed."""
    return replace(CheckResult(spec=spec(name, points), verdict=Verdict.PASSED), **more)  # type: ignore[arg-type]


def failed(
    name: str, *findings: Finding, points: int = 2, verdict: Verdict = Verdict.FAILED, **more: object
) -> CheckResult:
    """A check that did not."""
    return replace(CheckResult(spec=spec(name, points), verdict=verdict, findings=findings), **more)  # type: ignore[arg-type]


def report(*checks: CheckResult, verdict: Verdict | None = None, **more: object) -> Report:
    """The report that these checks add up to."""
    gravest = verdict or next((check.verdict for check in checks if not check.passed), Verdict.PASSED)
    made = Report(
        exercise="ex02",
        file="ex02.py",
        verdict=gravest,
        checks=checks,
        score=sum(check.score for check in checks),
        max_score=sum(check.max_score for check in checks),
        ungraded=sum(check.spec.points for check in checks if not check.graded),
        python="3.11",
        kit="0.1.0",
    )
    return replace(made, **more)  # type: ignore[arg-type]


DRAWN = Explored(scenario="nine_jobs", schedules=60, strategies=("run to block", "random switching", "PCT"))
LOST = Finding(code="lost-update", message="An increment was lost.", measured="the count", seen="1", wanted="2")

TOKEN = "tm2.ex02.overlap.block@0123abcd"

SAMPLES: dict[str, Report] = {
    "passed": report(
        passed("precreated", 3),
        passed("overlap", 3, schedules=60, explored=(DRAWN,)),
        passed("close", findings=(NOTE,)),
    ),
    "stub": report(
        *(failed(f"check_{number}", NOT_IMPLEMENTED, timeline=TIMELINE, token=TOKEN) for number in range(11))
    ),
    "failed": report(
        passed("precreated", 3),
        failed("overlap", PARALLEL, points=3, timeline=TIMELINE, token=TOKEN),
        failed("panics", replace(PARALLEL, seen="0", code="panics-lost"), timeline=TIMELINE, token=TOKEN),
    ),
    "deadlock": report(
        failed(
            "close",
            CIRCLE,
            verdict=Verdict.DEADLOCK,
            token="tm2.ex02.close.random.s17",
            timeline=TIMELINE,
            schedules=60,
        )
    ),
    "tasks-and-locks": report(
        failed("overlap", PARALLEL, points=3, timeline=replace(TASKS_AND_LOCKS, turns=TURNS), token=TOKEN),
    ),
    "race": report(
        passed("small", schedules=31, explored=(replace(DRAWN, scenario="two_jobs", schedules=31, bound=1),)),
        passed("tiny", schedules=5, explored=(replace(DRAWN, scenario="one_job", schedules=5, bound=2, whole=True),)),
        failed(
            "count",
            LOST,
            verdict=Verdict.RACE,
            token="tm2.ex02.count.replay.1-5-2@0123abcd-3.11",
            schedules=3,
            explored=(replace(DRAWN, scenario="count", schedules=3),),
            race=Race(tier=Tier.LANGUAGE, preemptions=1, found_by="random.p30.s2"),
            story=LOST_UPDATE,
        ),
        failed("again", LOST, verdict=Verdict.RACE, story=LOST_UPDATE),
    ),
    "circle": report(
        failed("close", CIRCLE, verdict=Verdict.DEADLOCK, token="tm2.ex02.close.block", story=IN_A_CIRCLE),
    ),
    "fault": report(
        passed("precreated", 3),
        CheckResult(spec=spec("broken"), verdict=Verdict.GRADER_FAULT, fault="KeyError: 'jobs'\n  in test_broken"),
        verdict=Verdict.GRADER_FAULT,
    ),
    "suspect": report(passed("precreated", 3), CheckResult(spec=spec("count"), verdict=Verdict.SUSPECT)),
    "not-loaded": report(
        failed("precreated"),
        failed("overlap"),
        findings=(
            Finding(
                code="syntax-error",
                message="Python cannot read this file: expected ':'.",
                place=Place(file="ex02.py", line=3, text="def f()"),
            ),
        ),
    ),
    "policy": report(
        passed("precreated", 10),
        verdict=Verdict.POLICY,
        score=5.0,
        findings=(
            Finding(
                code="policy",
                message="This file imports concurrent.futures, which this exercise forbids; the score is capped at 5 points.",
                place=Place(file="ex02.py", line=1, text="import concurrent.futures"),
            ),
        ),
    ),
}
