"""One grading from file to report: what is run, what is scored, what a grader's own mistake does."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.judge.conftest import CHECKS, RIGHT, Grade, Make, only
from threadmarks import __version__
from threadmarks.errors import GraderFault, SandboxError, UsageError
from threadmarks.judge.grade import grade_source
from threadmarks.judge.scoring import make_report
from threadmarks.model import Finding, Verdict
from threadmarks.sandbox.host import Host
from threadmarks.sandbox.ladder import Rung
from threadmarks.sandbox.saferead import Source

HEAD = "from threadmarks.grading import Explore, Run, Trace, check, expect\n"

TWO = (
    HEAD
    + """
@check(points=5, title="First", concept="a", visibility="visible")
async def test_first(run: Run) -> None:
    await run("call")

@check(points=15, title="Second", concept="b")
async def test_second(run: Run) -> None:
    trace = await run("call")
    expect(trace.note("answer").value == 42, code="wrong-answer", message="No.")
"""
)


def test_the_report_is_complete(make: Make, grade: Grade) -> None:
    """Everything that a reader or a program needs."""
    report = grade(RIGHT.replace("42", "41"), make(checks=TWO))
    assert [check.spec.name for check in report.checks] == ["first", "second"]
    assert [check.verdict for check in report.checks] == [Verdict.PASSED, Verdict.FAILED]
    assert (report.exercise, report.file, report.verdict) == ("ex90", "ex90.py", Verdict.FAILED)
    assert (report.score, report.max_score, report.ungraded) == (5.0, 20.0, 0.0)
    assert (report.python, report.kit) == (f"{sys.version_info[0]}.{sys.version_info[1]}", __version__)
    assert report.extra["rung"] in tuple(Rung)


def test_only_visible_checks_run_when_only_these_are_asked_for(make: Make, grade: Grade) -> None:
    """A student's own try does not tell the rest."""
    report = grade(RIGHT, make(checks=TWO), visible_only=True)
    assert [check.spec.name for check in report.checks] == ["first"]


def test_progress_is_told_before_each_check(make: Make, grade: Grade) -> None:
    """For a progress line."""
    told: list[tuple[int, int, str]] = []
    grade(RIGHT, make(checks=TWO), progress=lambda *step: told.append(step))
    assert told == [(0, 2, "First"), (1, 2, "Second")]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("    raise KeyError('mine')", "KeyError: 'mine'"),
        ("    assert 1 == 2", "AssertionError"),
        ("    await run('cal')", "no scenario 'cal'. Did you mean \"call\"?"),
        ("    await run('call', allow=('dedlock',))", "outcomes are completed"),
        ("    await run('call', allow='deadlock')", "outcomes are completed"),
        ("    expect(1, code='x', message='y')", "where a bool is due"),
        ("    import pytest; pytest.fail('no')", "Failed: no"),
        ("    import pytest; pytest.skip('no')", "Skipped: no"),
        ("    raise SystemExit(0)", "SystemExit: 0"),
    ],
)
def test_a_mistake_of_the_grader_costs_nobody_points(make: Make, grade: Grade, body: str, words: str) -> None:
    """Ungraded: neither given nor taken, and the text goes to the author."""
    checks = HEAD + f"@check(points=20, title='T', concept='c')\nasync def test_it(run: Run) -> None:\n{body}\n"
    report = grade(RIGHT, make(checks=checks))
    assert only(report).verdict is Verdict.GRADER_FAULT
    assert words in only(report).fault
    assert (report.score, report.max_score, report.ungraded) == (0.0, 0.0, 20.0)


def test_a_check_with_an_unknown_fixture_is_a_fault(make: Make, grade: Grade) -> None:
    """A typing error in a parameter's name must show."""
    checks = HEAD + "@check(points=20, title='T', concept='c')\nasync def test_it(rnu) -> None: ...\n"
    check = only(grade(RIGHT, make(checks=checks)))
    assert (check.verdict, "rnu" in check.fault) == (Verdict.GRADER_FAULT, True)


@pytest.mark.parametrize(
    ("checks", "words"),
    [
        ("import no_such_module\n", "no_such_module"),
        ("async def test_it(run): ...\n", "a test without @check"),
        (HEAD + "@check(points=-1, title='T', concept='c')\nasync def test_it(run): ...\n", "0 or more"),
        (HEAD + "@check(points=1, title='T', concept='c')\ndef test_it(run): ...\n", "async def test_"),
        (HEAD + "@check(points=1, title='T', concept='c', visibility='open')\nasync def test_it(run): ...\n", "open"),
    ],
)
def test_a_grader_that_cannot_be_collected_is_a_fault_of_the_whole(
    make: Make, grade: Grade, checks: str, words: str
) -> None:
    """No report is better than one about half of the checks."""
    with pytest.raises(GraderFault, match=words):
        grade(RIGHT, make(checks=checks))


def test_graders_are_imported_anew_each_time(make: Make, grade: Grade) -> None:
    """An author edits a check while a program goes on grading."""
    assert only(grade(RIGHT, make())).verdict is Verdict.PASSED
    assert only(grade(RIGHT, make(checks=CHECKS.replace("== 42", "== 43")))).verdict is Verdict.FAILED
    assert not [name for name in sys.modules if "test_mini" in name]


def test_the_callers_pytest_set_up_changes_nothing(
    make: Make, grade: Grade, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither options in the environment nor files in the working folder."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conftest.py").write_text("raise RuntimeError('not to be read')")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    assert only(grade(RIGHT, make())).verdict is Verdict.PASSED
    assert os.environ["PYTEST_ADDOPTS"] == "--no-such-option"


def test_nothing_is_printed_and_nothing_is_left_in_the_working_folder(
    make: Make, grade: Grade, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """`grade --json` must be one object on standard output."""
    folder = tmp_path / "cwd"
    folder.mkdir()
    monkeypatch.chdir(folder)
    checks = CHECKS.replace("    trace = await", "    print('from a grader')\n    trace = await")
    grade("print('from a student')\n" + RIGHT, make(checks=checks))
    assert capfd.readouterr() == ("", "")
    assert list(folder.iterdir()) == []


def test_without_a_host_the_zygotes_end_with_the_call(make: Make) -> None:
    """The ordinary command line: nothing is left running."""
    report = grade_source(make(), Source(file="ex90.py", text=RIGHT))
    assert report.verdict is Verdict.PASSED


SEEDED = "def call(student, probe):\n    probe.note('answer', probe.random.randrange(10**9))\n"
SHOWS = HEAD + (
    "@check(points=20, title='T', concept='c')\nasync def test_it(run: Run) -> None:\n"
    "    expect(False, code='c', message='m', seen=(await run('call')).note('answer').value)\n"
)


def test_inputs_are_drawn_from_the_file_and_the_secret(make: Make, grade: Grade) -> None:
    """The same file and secret draw the same; another of either draws anew."""

    def drawn(source: str, secret: str = "") -> str:
        return only(grade(source, make(scenarios=SEEDED, checks=SHOWS), secret=secret)).findings[0].seen

    assert drawn(RIGHT) == drawn(RIGHT)
    assert len({drawn(RIGHT), drawn(RIGHT + "#"), drawn(RIGHT, "s"), drawn(RIGHT, "t")}) == 4


DRAWS_TOO = HEAD + (
    "@check(points=20, title='T', concept='c')\nasync def test_it(run: Run, explore: Explore) -> None:\n"
    "    _same(await run('call'))\n    await explore('call', _same, schedules=5)\n"
    "def _same(trace: Trace) -> None:\n"
    "    for _ in range(2):\n"
    "        wanted, seen = trace.inputs().randrange(10**9), trace.note('answer').value\n"
    "        expect(seen == wanted, code='c', message='m', seen=seen, wanted=wanted)\n"
)


@pytest.mark.parametrize("secret", ["", "s"])
def test_a_check_draws_the_same_inputs_by_itself(make: Make, grade: Grade, secret: str) -> None:
    """From the beginning each time, on every schedule."""
    assert only(grade(RIGHT, make(scenarios=SEEDED, checks=DRAWS_TOO), secret=secret)).verdict is Verdict.PASSED


def test_a_check_takes_no_input_from_the_runner(make: Make, grade: Grade) -> None:
    """A file that fixes its inputs is wrong about them."""
    source = "import random\nrandom.Random.randrange = lambda self, *limits: 7\n" + RIGHT
    check = only(grade(source, make(scenarios=SEEDED, checks=DRAWS_TOO), secret="s"))
    assert (check.verdict, check.findings[0].seen) == (Verdict.FAILED, "7")


NOTES = HEAD + (
    "def _noted(trace: Trace) -> None:\n    expect.note(code='by-the-way', message='A remark.')\n"
    "@check(points=20, title='T', concept='c')\nasync def test_it(explore: Explore) -> None:\n"
    "    await explore('call', _noted, schedules=5)\n"
)


def test_a_note_costs_no_points_and_is_told_once(make: Make, grade: Grade) -> None:
    """Also when the predicate says it on every schedule."""
    check = only(grade(RIGHT, make(checks=NOTES)))
    assert [(finding.code, finding.costs_points) for finding in check.findings] == [("by-the-way", False)]
    assert (check.verdict, check.score) == (Verdict.PASSED, 20)


def test_a_replay_leaves_out_checks_on_other_scenarios(make: Make, grade: Grade) -> None:
    """The student asked for one run."""
    scenarios = "def call(student, probe):\n    probe.note('answer', 42)\ndef other(student, probe): ...\n"
    checks = TWO.replace('await run("call")', 'await run("other")', 1)
    report = grade(RIGHT, make(scenarios=scenarios, checks=checks), replay_token="tm2.ex90.call.block")
    assert [check.spec.name for check in report.checks] == ["second"]
    assert only(report).timeline is not None


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("tm2.ex91.call.block", "one of ex91, not of ex90"),
        ("tm2.ex90.cal.block", "no scenario 'cal'"),
        ("nonsense", "is not a replay token"),
    ],
)
def test_a_token_that_does_not_fit_is_a_usage_error(grade: Grade, token: str, words: str) -> None:
    """With the reason."""
    with pytest.raises(UsageError, match=words):
        grade(RIGHT, replay_token=token)


def test_the_gravest_verdict_is_the_reports() -> None:
    """A deadlock is what to look at first."""
    report = make_report(exercise="ex90", file="f", checks=(), findings=())
    assert report.verdict is Verdict.PASSED
    policy = (Finding(code="policy", message="No."),)
    assert make_report(exercise="ex90", file="f", checks=(), findings=policy).verdict is Verdict.POLICY


def test_an_engine_that_does_not_answer_is_a_sandbox_error(make: Make) -> None:
    """Infrastructure never costs points: there is no report at all."""
    with Host(1, entry="tests.sandbox.fake_entry") as broken, pytest.raises(SandboxError, match="gave no hello"):
        grade_source(make(), Source(file="ex90.py", text="import os; os.write(1, b'?')"), host=broken)


INTERRUPTED = """
import sys
import time
from pathlib import Path
from tests.judge.conftest import CHECKS, SCENARIOS, STUB, write_exercise
from threadmarks.judge import grade_source
from threadmarks.sandbox.saferead import Source
exercise = write_exercise(Path(sys.argv[1]), stub=STUB, scenarios=SCENARIOS, checks=CHECKS)
source = "def answer(x, *, twice=False):\\n    return 10 ** 10 ** 9\\n"  # minutes inside one instruction
print("begun", flush=True)
try:
    grade_source(exercise, Source(file="ex90.py", text=source))
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def _heed_interrupts() -> None:
    """In the child: a background job of a shell starts with Ctrl-C ignored, and so would everything it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interrupt_ends_a_grading_at_once_and_reaches_the_caller(tmp_path: Path) -> None:
    """Ctrl-C while a submission hangs in C: pytest must not make a report of it."""
    root = str(Path(__file__).parents[2])
    judge = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(tmp_path)],
        cwd=root,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=_heed_interrupts,
    )
    assert judge.stdout is not None
    assert judge.stdout.readline() == "begun\n"
    time.sleep(5)  # the run is going on by now: an interrupt during an import may be swallowed there
    judge.send_signal(signal.SIGINT)
    out, _ = judge.communicate(timeout=60)
    assert (out, judge.returncode) == ("interrupted\n", 0)
