"""Explorations find what one schedule hides, say the same each time, and trust nothing that does not happen twice."""

import asyncio
from dataclasses import dataclass, field

import pytest

from tests.judge.conftest import Grade, Make, only
from threadmarks import wire
from threadmarks.errors import GraderFault
from threadmarks.judge.expect import expect
from threadmarks.judge.exploring import CHUNK, WORTH_TWO, Exploring, Failed, Held, in_parts
from threadmarks.judge.portfolio import VERDICT_SEEDS, Seeds
from threadmarks.judge.session import RunResult
from threadmarks.judge.trace import Trace
from threadmarks.model import Report, Tier, Verdict

STUB = '''
class Counter:
    """Counts."""

    def increment(self):
        """One more."""
        raise NotImplementedError
'''

SCENARIOS = """
import threading

def two_threads(student, probe):
    counter = student.Counter()
    threads = [threading.Thread(target=counter.increment) for _ in range(2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    probe.note("count", counter.count)
"""

CHECKS = """
from threadmarks.grading import Explore, Trace, check, expect

def _both_counted(trace: Trace) -> None:
    seen = trace.note("count")
    expect(seen.value == 2, code="lost-update", message="An increment was lost.", seen=seen.value, wanted=2)

@check(points=20, title="No increment is lost", concept="atomicity")
async def test_count(explore: Explore) -> None:
    await explore("two_threads", _both_counted, schedules=60)
"""

LOCKED = """
import threading
class Counter:
    def __init__(self):
        self.count, self.lock = 0, threading.Lock()
    def increment(self):
        with self.lock:
            self.count += 1
"""

RACY = """
class Counter:
    count = 0
    def increment(self):
        self.count += 1
"""

LOSES_ALWAYS = """
class Counter:
    count = 0
    def increment(self):
        self.count = 1
"""

DEADLOCKS_SOMETIMES = """
import threading
one, two = threading.Lock(), threading.Lock()
class Counter:
    def __init__(self):
        self.count, self.calls = 0, 0
    def increment(self):
        self.calls += 1
        first, second = (one, two) if self.calls % 2 else (two, one)
        with first, second:
            self.count += 1
"""


@pytest.fixture
def counted(make: Make, grade: Grade) -> Grade:
    """`counted(source)`: a Counter's report."""
    exercise = make(stub=STUB, scenarios=SCENARIOS, checks=CHECKS)

    def run(source: str, **options: object) -> Report:
        return grade(source, exercise, **options)

    return run


def test_a_correct_program_passes_every_schedule(counted: Grade) -> None:
    """The accepting program; the report says how many were tried."""
    check = only(counted(LOCKED))
    assert (check.verdict, check.schedules) == (Verdict.PASSED, 60)


def test_a_lost_update_is_a_race_with_the_token_of_its_schedule(counted: Grade) -> None:
    """Right under run-to-block, wrong under another schedule."""
    check = only(counted(RACY))
    assert (check.verdict, check.findings[0].code, check.findings[0].seen) == (Verdict.RACE, "lost-update", "1")
    assert check.token.startswith("tm2.ex90.two_threads.replay.")
    assert check.race is not None
    assert (check.race.preemptions, check.race.tier) == (1, Tier.LANGUAGE)
    assert check.timeline is not None


def test_a_program_wrong_under_run_to_block_is_plainly_wrong(counted: Grade) -> None:
    """No other schedule needs to be looked at."""
    check = only(counted(LOSES_ALWAYS))
    assert (check.verdict, check.schedules) == (Verdict.FAILED, 1)
    assert ".block@" in check.token


def test_a_deadlock_under_some_schedule_is_a_race_that_shows_the_waits(make: Make, grade: Grade) -> None:
    """The finding keeps its own code and graph."""
    exercise = make(stub=STUB, scenarios=SCENARIOS, checks=CHECKS.replace("schedules=60", "schedules=300"))
    check = only(grade(DEADLOCKS_SOMETIMES, exercise))
    assert (check.verdict, check.findings[0].code) == (Verdict.RACE, "deadlock")
    assert len(check.findings[0].waits) == 3


def test_the_same_file_gets_the_same_report_again(counted: Grade) -> None:
    """The whole report, the failing schedule and its timeline included."""
    assert counted(RACY) == counted(RACY)


def test_a_comment_does_not_re_roll_the_verdict(counted: Grade) -> None:
    """Schedule seeds are constants."""
    before, after = only(counted(RACY)), only(counted(RACY + "# please\n"))
    assert before.token.partition("@")[0] == after.token.partition("@")[0]


def test_another_seed_list_finds_the_same_with_schedules_of_its_own(counted: Grade) -> None:
    """Proofs ask whether a verdict was luck; only the finding may be the same, not the seed."""
    racy = RACY.replace("self.count += 1", "for _ in range(20): self.count += 1")  # too long for a search
    racy = racy.replace("    count = 0", "    count = -38")
    usual, other = only(counted(racy)), only(counted(racy, seeds=Seeds(7)))
    assert (other.verdict, other.findings[0].code) == (Verdict.RACE, "lost-update")
    assert other.race is not None
    assert usual.race is not None
    assert ".s7000" in other.race.found_by
    assert ".s7000" not in usual.race.found_by


def test_a_token_shows_the_failing_schedule_again(counted: Grade) -> None:
    """On the same file: the same finding, the same timeline."""
    first = only(counted(RACY))
    again = counted(RACY, replay_token=first.token)
    check = only(again)
    assert (check.findings, check.timeline, check.schedules) == (first.findings, first.timeline, 1)
    assert again.findings == ()
    assert again.extra["replay"] == first.token


def test_a_token_on_another_file_says_so(counted: Grade) -> None:
    """The schedule may not mean there what it meant here."""
    token = only(counted(RACY)).token
    report = counted(LOCKED, replay_token=token)
    assert only(report).verdict is Verdict.PASSED
    assert [(finding.code, finding.costs_points) for finding in report.findings] == [("file-changed", False)]


def test_a_token_of_another_python_says_that_its_schedule_may_differ(counted: Grade) -> None:
    """Versions run the same program through other steps of the library; a student must not take that for a lie."""
    token = only(counted(RACY)).token
    here = token.rpartition("-")[2]
    report = counted(RACY, replay_token=token.removesuffix(here) + "3.99")
    (finding,) = report.findings
    assert (finding.code, finding.costs_points) == ("other-python", False)
    assert (
        finding.message == f"The token was made on Python 3.99, and this is {here}: the same schedule may differ here."
    )


def test_a_token_that_the_file_does_not_follow_is_suspect(counted: Grade) -> None:
    """The file is the one that was graded, the Python too: then something outside of the schedule decides. No marks."""
    token = only(counted(RACY)).token
    choices, _, rest = token.partition("@")
    report = counted(RACY, replay_token=f"{choices}_0-zzz-1@{rest}")
    check = only(report)
    assert (check.verdict, check.findings[0].code) == (Verdict.SUSPECT, "replay-diverged")
    assert (report.score, report.max_score) == (0.0, 0.0)


REMEMBERS = """
import collections, queue
class Counter:
    def __init__(self):
        queue.runs = getattr(queue, "runs", 0) + 1
        self.count = 0
    def increment(self):
        self.count += 1 if queue.runs < 3 else 5
"""


def test_state_that_leaks_between_schedules_does_not_decide(make: Make, grade: Grade) -> None:
    """Schedules share a process to be fast; a program that notices is judged in a process for each."""
    checks = CHECKS.replace("seen.value == 2", "seen.value in (1, 2)")  # the race itself is not the point here
    check = only(grade(REMEMBERS, make(stub=STUB, scenarios=SCENARIOS, checks=checks)))
    assert (check.verdict, check.schedules) == (Verdict.PASSED, 60)


def test_a_digest_that_hides_a_difference_makes_a_suspect_and_no_fault(make: Make, grade: Grade) -> None:
    """The process that makes it is the submission's too: what it says may not pass for a fault of the grader's."""
    source = """
        import sys, threading
        emit = sys.modules["threadmarks.runner.emit"]
        emit.digest = lambda parts: "0" * 24
        emit.loads = getattr(emit, "loads", 0) + 1

        class Counter:
            def __init__(self):
                self.count, self.lock = 0, threading.Lock()
            def increment(self):
                with self.lock:
                    self.count += 1 if emit.loads < 5 else 0
    """
    result = only(grade(source, make(stub=STUB, scenarios=SCENARIOS, checks=CHECKS)))
    assert (result.verdict, result.fault) == (Verdict.SUSPECT, "")


def test_a_digest_that_makes_a_difference_makes_a_suspect_and_no_fault(counted: Grade) -> None:
    """Nor for an engine that cannot follow its own record."""
    source = """
import sys
emit, baton = sys.modules["threadmarks.runner.emit"], sys.modules["threadmarks.runner.baton"]
exec("emit.digest = lambda parts: str(int('Replay' in type(baton.active.strategy).__name__)) * 24")  # no points within
"""
    result = only(counted(source + RACY, smallest=False))
    assert (result.verdict, result.fault) == (Verdict.SUSPECT, "")


UNSTEADY = """
import ctypes
class Counter:
    count = 0
    def increment(self):
        noise = ctypes.c_uint32()
        ctypes.CDLL(None).getrandom(ctypes.byref(noise), 4, 0)
        self.count += 1000 + noise.value
"""


def test_a_program_that_two_processes_run_differently_is_suspect(counted: Grade) -> None:
    """Neither account is taken for true: no automatic marks."""
    report = counted(UNSTEADY)
    check = only(report)
    assert (check.verdict, check.findings[0].code) == (Verdict.SUSPECT, "suspect")
    assert (report.score, report.max_score, report.ungraded) == (0.0, 0.0, 20.0)


# The rules by themselves, on made-up runs.


def trace(spec: str, digest: str, outcome: wire.Outcome = wire.Outcome.COMPLETED) -> RunResult:
    """A run of a made-up program."""
    record = wire.ScheduleTrace(
        spec=spec,
        outcome=outcome,
        virtual_ns=0,
        threads=(),
        events=(),
        dropped_events=0,
        choices="",
        points=100,  # too many for a search
        waits=(),
        error=None,
        value=digest,
        digest=digest,
    )
    return RunResult(scenario="s", spec=spec, trace=Trace(record, f"tm2.ex90.s.{spec}"), failure=None)


@dataclass
class Made:
    """A session that gives prepared runs: `shared` in a process with others, `alone` in processes of their own."""

    shared: dict[str, str] = field(default_factory=dict)
    alone: dict[str, list[str]] = field(default_factory=dict)
    batches: list[int] = field(default_factory=list)
    seeds: Seeds = VERDICT_SEEDS
    smallest: bool = True

    async def run(self, _scenario: str, spec: str = "block") -> RunResult:
        return trace(spec, self.alone.get(spec, ["good"])[0])

    async def again(self, _scenario: str, spec: str) -> RunResult:
        return trace(spec, self.alone.get(spec, ["good"])[-1])

    async def in_thread(self, _scenario: str, specs: tuple[str, ...], *, full: bool) -> list[RunResult]:
        assert not full or len(specs) == 1
        self.batches.append(len(specs))
        if len(specs) == 1:
            return [trace(specs[0], self.alone.get(specs[0], ["good"])[0])]
        return [trace(spec, self.shared.get(spec, "good")) for spec in specs]


def good(seen: Trace) -> None:
    """The predicate of the made-up exploration."""
    expect(seen.value.startswith("good"), code="bad", message="Bad.")


def explore(session: Made, count: int = 80) -> Held | Failed:
    """Explore it."""
    exploring = Exploring(session=session, scenario="s", predicate=good, allow=())  # type: ignore[arg-type]
    return asyncio.run(exploring.explore(count))


def test_the_first_failure_in_the_portfolios_order_counts() -> None:
    """Not the one whose process answered first."""
    late, early = "pct.d3.k100.s69", "pct.d4.k300.s2"
    made = Made(shared={late: "bad-1", early: "bad-2"}, alone={late: ["bad-1"], early: ["bad-2"], "replay.": ["bad-2"]})
    outcome = explore(made)
    assert isinstance(outcome, Failed)
    assert (outcome.result.spec, outcome.tried, outcome.failure.verdict) == (early, 3, Verdict.RACE)


def test_a_failure_that_is_not_made_small_is_told_as_it_was_found() -> None:
    """With no run but its confirmation, and with what its record replays."""
    found = "pct.d4.k300.s2"
    made = Made(shared={found: "bad"}, alone={found: ["bad"], "replay.": ["bad"]}, smallest=False)
    outcome = explore(made)
    assert isinstance(outcome, Failed)
    assert (outcome.result.spec, outcome.failure.verdict, made.batches) == (found, Verdict.RACE, [39, 40])


def test_schedules_share_processes_in_constant_batches() -> None:
    """Not in batches that depend on the number of cores: state that leaks must leak alike everywhere."""
    made = Made()
    assert isinstance(explore(made), Held)
    assert made.batches == [39, 40]


@pytest.mark.parametrize(
    ("schedules", "most", "sizes"),
    [
        (0, CHUNK, []),
        (1, CHUNK, [1]),
        (WORTH_TWO - 1, CHUNK, [WORTH_TWO - 1]),
        (WORTH_TWO, CHUNK, [WORTH_TWO // 2, WORTH_TWO // 2]),
        (120, CHUNK, [30, 30, 30, 30]),
        (200, CHUNK, [50, 50, 50, 50]),
        (WORTH_TWO + 1, 1, [1] * (WORTH_TWO + 1)),
    ],
)
def test_processes_have_the_same_to_do(schedules: int, most: int, sizes: list[int]) -> None:
    """An even number of them, where that is worth a process, and nothing is left out or done twice."""
    specs = [f"pos.s{seed}" for seed in range(schedules)]
    parts = in_parts(specs, most)
    assert [len(part) for part in parts] == sizes
    assert [spec for part in parts for spec in part] == specs


def test_a_failure_that_a_fresh_process_does_not_give_is_tried_in_a_process_each() -> None:
    """Then it was an earlier schedule's doing."""
    made = Made(shared={"pos.s1": "bad"})
    assert isinstance(explore(made), Held)
    assert made.batches[-79:] == [1] * 79


def test_a_failure_that_only_fresh_processes_give_is_found_there() -> None:
    """Judged by processes of their own, once the sharing is known to matter."""
    made = Made(shared={"pos.s1": "bad"}, alone={"random.p30.s3": ["bad-alone"], "replay.": ["bad-alone"]})
    outcome = explore(made)
    assert isinstance(outcome, Failed)
    assert (outcome.result.spec, outcome.failure.verdict) == ("random.p30.s3", Verdict.RACE)


def test_two_fresh_processes_that_differ_are_suspect() -> None:
    """Whatever either of them says."""
    made = Made(shared={"pos.s1": "bad"}, alone={"pos.s1": ["good-1", "good-2"]})
    outcome = explore(made)
    assert isinstance(outcome, Failed)
    assert outcome.failure.verdict is Verdict.SUSPECT


def test_a_predicate_that_returns_something_is_a_grader_fault() -> None:
    """A forgotten `expect` must not pass everything."""
    exploring = Exploring(session=Made(), scenario="s", predicate=lambda _: True, allow=())  # type: ignore[arg-type]
    with pytest.raises(GraderFault, match="must use expect"):
        asyncio.run(exploring.explore(5))


def test_an_async_predicate_is_a_grader_fault() -> None:
    """Its coroutine would never run."""

    async def predicate(_: Trace) -> None: ...

    exploring = Exploring(session=Made(), scenario="s", predicate=predicate, allow=())  # type: ignore[arg-type]
    with pytest.raises(GraderFault, match="returned coroutine; it must use expect"):
        asyncio.run(exploring.explore(5))


def test_a_record_that_the_engine_cannot_follow_is_its_own_fault() -> None:
    """The program does the same in two processes; its recorded choices do something else. No marks, and nobody's mistake."""
    spec = "pos.s1"
    with pytest.raises(GraderFault, match=r"two fresh processes agree on pos\.s1, but its recorded choices"):
        explore(Made(shared={spec: "bad"}, alone={spec: ["bad"], "replay.": ["good"]}))


def test_a_program_that_does_not_follow_its_own_record_is_suspect() -> None:
    """The same, of a program that does something else each time."""
    spec = "pos.s1"
    outcome = explore(Made(shared={spec: "bad"}, alone={spec: ["bad", "bad-too"], "replay.": ["good"]}))
    assert isinstance(outcome, Failed)
    assert (outcome.failure.verdict, outcome.race) == (Verdict.SUSPECT, None)
