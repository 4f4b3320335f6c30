"""Reports made by hand, for tests of the renderers: one of every kind of ending."""

from dataclasses import replace

from threadmarks.model import (
    CheckResult,
    CheckSpec,
    Evidence,
    Explored,
    Finding,
    Lane,
    Place,
    Race,
    Report,
    Span,
    Tier,
    Timeline,
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
        ),
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
