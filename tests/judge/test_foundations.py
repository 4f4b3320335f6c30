"""`builds_on`: what stands for an earlier exercise, how it is run, and what is said of it."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from tests.judge.conftest import CHECKS, STUB, only, write_exercise
from threadmarks import catalog
from threadmarks.catalog import Exercise
from threadmarks.errors import AuthoringError
from threadmarks.judge import grade_source
from threadmarks.judge.fixtures import UPON_OWN
from threadmarks.judge.foundations import Foundation
from threadmarks.judge.tokens import parse
from threadmarks.model import Report, Verdict
from threadmarks.sandbox.host import PLAIN_ENTRY, Host
from threadmarks.sandbox.saferead import Source

BASE = '''
"""A secret of the reference."""

class Box:
    """How the reference does it."""

    def __init__(self):
        self.n = 0

    def add(self):
        """Not for everybody."""
        self.n = self.n + 1
        return self.n
'''

UPPER = "from ex89 import Box\n\ndef answer(x, *, twice=False):\n    return 41 + Box().add()\n"

RACE = """
import threading

def race(student, probe):
    box = student.Box()
    threads = [threading.Thread(target=box.add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    probe.note("n", box.n)
"""
RACE_CHECKS = """
from threadmarks.grading import Explore, Trace, check, expect

@check(points=20, title="Both count", concept="races")
async def test_race(explore: Explore) -> None:
    def both(trace: Trace) -> None:
        expect(trace.note("n").value == 2, code="lost-update", message="One was lost.")
    await explore("race", both, schedules=60)
"""

Make = Callable[..., Exercise]


@pytest.fixture
def upper(tmp_path: Path) -> Make:
    """`upper(...)`: ex90, which builds on ex89, whose reference is `BASE`; the words of `make`."""

    def exercise(base: str = BASE, builds_on: str = '["ex89"]', base_toml: str = "", **words: str) -> Exercise:
        parts = {"stub": STUB, "scenarios": "def call(student, probe):\n    probe.note('answer', student.answer(20))\n"}
        toml = f"builds_on = {builds_on}\n" + words.pop("toml", "")
        write_exercise(tmp_path, **{**parts, "checks": CHECKS, **words}, toml=toml)  # type: ignore[arg-type]
        folder = tmp_path / "exercises" / "ex89_base"
        folder.mkdir(exist_ok=True)
        meta = 'id = "ex89"\ntitle = "Base"\nsummary = "Below"\ndifficulty = 1\nminutes = 1\nconcepts = ["tests"]\n'
        (folder / "exercise.toml").write_text(meta + base_toml)
        solutions = tmp_path / "solutions" / "ex89_base"
        solutions.mkdir(parents=True, exist_ok=True)
        (solutions / "ex89.py").write_text(dedent(base))
        (tmp_path / "exercises" / "catalog.toml").write_text('order = ["ex89_base", "ex90_mini"]\n')
        return catalog.load(tmp_path)[1]

    return exercise


@pytest.fixture
def grade_upon(host: Host) -> Callable[..., Report]:
    """`grade_upon(exercise, source, own=None)`: upon the student's own ex89, or upon the reference."""

    def run(exercise: Exercise, source: str = UPPER, own: str | None = None, **options: object) -> Report:
        built_upon = None if own is None else (_own(exercise, own),)
        submission = Source(file="ex90.py", text=dedent(source))
        return grade_source(exercise, submission, host=host, built_upon=built_upon, **options)  # type: ignore[arg-type]

    return run


def _own(exercise: Exercise, text: str, *, passed: bool = True) -> Foundation:
    (below,) = catalog.foundations(exercise)
    return Foundation(exercise=below, source=Source(file="work/ex89.py", text=dedent(text)), own=True, passed=passed)


def test_without_a_file_of_ones_own_the_reference_stands_for_it(upper: Make, grade_upon: Callable[..., Report]) -> None:
    """An early failure never poisons a later grade."""
    report = grade_upon(upper())
    assert report.verdict is Verdict.PASSED
    assert report.extra["built_upon"] == "the reference solution of ex89"


def test_ones_own_file_is_what_the_import_gives(upper: Make, grade_upon: Callable[..., Report]) -> None:
    """A box that counts by two gives another answer, and the report says whose box it was."""
    report = grade_upon(upper(), own=BASE.replace("+ 1", "+ 2"))
    (finding,) = only(report).findings
    assert (finding.code, finding.seen) == ("wrong-answer", "43")
    assert report.extra["built_upon"] == "your own work/ex89.py"


def test_an_exercise_that_stands_alone_says_nothing_of_it(upper: Make, grade_upon: Callable[..., Report]) -> None:
    """Most do."""
    report = grade_upon(upper(builds_on="[]"), "def answer(x, *, twice=False):\n    return 42\n")
    assert report.verdict is Verdict.PASSED
    assert "built_upon" not in report.extra


@pytest.mark.parametrize(
    ("own", "words", "seen"),
    [
        ("x = 1\nclass Box:\n  def add(self)\n    return 1\n", "fails at its line 3", "SyntaxError: expected ':'"),
        ("import queue\n\nraise ValueError('not yet')\n", "fails at its line 3", "ValueError: not yet"),
        ("import os\nos._exit(0)\n", "ends the program at its line 2", "exited"),
        ("while True:\n    pass\n", "does not come to an end at its line 1", "spinning"),
        ("import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()\n", "waits for ever at its line 4", "deadlock"),
    ],
    ids=["syntax", "raises", "exits", "endless", "deadlock"],
)  # fmt: skip
def test_a_broken_file_below_is_named_with_its_line(
    upper: Make, grade_upon: Callable[..., Report], own: str, words: str, seen: str
) -> None:
    """The student looks into the right file."""
    report = grade_upon(upper(base_toml='[policy]\nreflection = "allowed"\n'), own=own)
    (finding,) = report.findings
    assert finding.code == "broken-foundation"
    assert finding.message.startswith(f"Your file builds on ex89, and importing ex89.py {words}"), finding.message
    assert finding.seen == seen
    assert finding.place is None  # the line is not one of the graded file
    assert [check.verdict for check in report.checks] == [Verdict.CRASHED]


def test_a_name_that_is_missing_below_is_an_error_of_the_import(upper: Make, grade_upon: Callable[..., Report]) -> None:
    """Python's own words name both."""
    (finding,) = grade_upon(upper(), own="class Bix: pass\n").findings
    assert finding.code == "import-error"
    assert "cannot import name 'Box' from 'ex89'" in finding.seen
    assert finding.place is not None
    assert finding.place.line == 1


LOOKS = """
import inspect, gc
import ex89
from ex89 import Box

def answer(x, *, twice=False):
    found = [ex89.__doc__, Box.__doc__, Box.add.__doc__, ex89.__file__, Box.add.__code__.co_linetable]
    for thing in (ex89, Box, Box.add):
        try:
            found.append(inspect.getsource(thing))
        except (OSError, TypeError):
            found.append("no source")
    words = " ".join(["A", "secret", "of", "the", "reference"])  # not in one piece here: it would find itself
    told = [type(each).__name__ for each in gc.get_objects() if words in str(each)[:20000]]
    return [repr(each) for each in found] + told
"""


def test_of_the_reference_there_is_nothing_to_read(upper: Make, grade_upon: Callable[..., Report]) -> None:
    """No source, no docstring, no line, wherever one looks: only what runs."""
    (finding,) = only(grade_upon(upper(), LOOKS)).findings
    shown = "['None', 'None', 'None', \"'<ex89>'\", \"b''\", \"'no source'\", \"'no source'\", \"'no source'\"]"
    assert finding.seen == shown


def test_a_race_in_ones_own_file_below_is_found(upper: Make, grade_upon: Callable[..., Report]) -> None:
    """It is the student's as much as one in the graded file."""
    exercise = upper(scenarios=RACE, checks=RACE_CHECKS)
    check = only(grade_upon(exercise, own=BASE))
    assert check.verdict is Verdict.RACE
    assert [finding.code for finding in check.findings] == ["lost-update"]
    safe = "import threading\n" + BASE.replace("self.n = 0", "self.n, self.lock = 0, threading.Lock()").replace(
        "        self.n = self.n + 1\n        return self.n", "        with self.lock:\n            self.n = self.n + 1"
    )
    assert only(grade_upon(exercise, own=safe)).verdict is Verdict.PASSED


def test_nobody_is_preempted_inside_of_the_reference(upper: Make, grade_upon: Callable[..., Report]) -> None:
    """It was proved by itself; only its locks and waits are places to switch, like those of the standard library."""
    check = only(grade_upon(upper(scenarios=RACE, checks=RACE_CHECKS)))
    assert check.verdict is Verdict.PASSED


LOCKED = BASE.replace("self.n = 0", "self.n, self._lock = 0, threading.Lock()").replace(
    "        self.n = self.n + 1\n        return self.n",
    "        with self._lock:\n            self.n = self.n + 1\n            return self.n",
)


def test_upon_the_students_own_more_orders_are_tried(upper: Make, grade_upon: Callable[..., Report]) -> None:
    """Its points make each order of the graded file's own steps rarer: practice must not miss what official grading finds."""
    scenario = RACE.replace("target=box.add", "target=lambda: [box.add() for _ in range(9)]")
    exercise = upper(scenarios=scenario, checks=RACE_CHECKS.replace("== 2", "== 18"))
    check = only(grade_upon(exercise, own="import threading\n" + dedent(LOCKED)))
    assert (check.verdict, check.schedules) == (Verdict.PASSED, 60 * UPON_OWN)
    check = only(grade_upon(exercise))
    assert check.verdict is Verdict.PASSED
    assert check.schedules <= 60


def test_a_check_may_say_how_many_orders_are_enough_upon_ones_own(
    upper: Make, grade_upon: Callable[..., Report]
) -> None:
    """Where that was measured; official grading does not look at it."""
    scenario = RACE.replace("target=box.add", "target=lambda: [box.add() for _ in range(9)]")
    checks = RACE_CHECKS.replace("== 2", "== 18").replace("schedules=60", "schedules=60, upon_own=70")
    exercise = upper(scenarios=scenario, checks=checks)
    check = only(grade_upon(exercise, own="import threading\n" + dedent(LOCKED)))
    assert (check.verdict, check.schedules) == (Verdict.PASSED, 70)
    assert only(grade_upon(exercise)).schedules <= 60


WAITS = """
import threading

class Box:
    def __init__(self):
        self._never = threading.Event()
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self):
        self._never.wait()

    def add(self):
        self._never.wait()
"""


@pytest.mark.parametrize("own", [None, WAITS], ids=["reference", "own"])
def test_a_thread_that_waits_below_is_told_by_its_class(
    upper: Make, grade_upon: Callable[..., Report], own: str | None
) -> None:
    """Names that are private there are nobody's business."""
    (finding,) = only(grade_upon(upper(base=WAITS), own=own)).findings
    assert finding.code == "deadlock"
    assert [edge.what for edge in finding.waits] == ["Box.add", "Box"]


def test_ones_own_file_below_answers_to_its_own_exercises_policy(
    upper: Make, grade_upon: Callable[..., Report]
) -> None:
    """Else a file could have done for it what it must not do itself. The module that only ex90 may not import is fine there."""
    exercise = upper(
        base_toml='[policy]\nforbidden_imports = ["sched"]\n', toml='[policy]\nforbidden_imports = ["queue"]\n'
    )
    fine = grade_upon(exercise, own=f"import queue\n{BASE}")
    assert (fine.verdict, fine.score) == (Verdict.PASSED, 20)
    report = grade_upon(exercise, own=f"import sched\n{BASE}")
    (finding,) = report.findings
    assert (finding.code, finding.seen) == ("policy", "line 1: import of sched")
    assert finding.message == "work/ex89.py, on which your file builds, uses what ex89 does not allow."
    assert report.score == 10


def test_that_the_file_below_does_not_pass_is_a_note(upper: Make, host: Host) -> None:
    """It costs nothing by itself."""
    exercise = upper()
    source = Source(file="ex90.py", text=UPPER)
    report = grade_source(exercise, source, host=host, built_upon=(_own(exercise, BASE, passed=False),))
    (finding,) = report.findings
    assert (finding.code, finding.costs_points) == ("unproven-foundation", False)
    assert finding.message == "work/ex89.py, on which your file builds, does not pass ex89: grade ex89 first."
    assert (report.verdict, report.score) == (Verdict.PASSED, 20)


def test_a_token_covers_what_the_file_was_built_upon(upper: Make, grade_upon: Callable[..., Report]) -> None:
    """It says upon what to replay, and notices when that has changed."""
    exercise = upper()
    wrong = UPPER.replace("41", "40")
    upon_reference, upon_own = (
        only(grade_upon(exercise, wrong)).token,
        only(grade_upon(exercise, wrong, own=BASE)).token,
    )
    assert parse(upon_reference).upon_references
    assert str(parse(upon_reference)) == upon_reference
    assert not parse(upon_own).upon_references
    assert [each.code for each in grade_upon(exercise, wrong, own=BASE, replay_token=upon_own).findings] == []
    assert [each.code for each in grade_upon(exercise, wrong, replay_token=upon_reference).findings] == []
    changed = grade_upon(exercise, wrong, own=BASE + "\n# changed\n", replay_token=upon_own)
    (finding,) = changed.findings
    assert finding.code == "file-changed"
    assert finding.message.startswith("This file, or one that it builds on, is not the one")


def test_plain_runs_are_built_upon_the_same(upper: Make, host: Host) -> None:
    """The second witness sees the program that the controlled run saw: upon a reference, and upon one's own."""
    checks = CHECKS.replace('concept="answers"', 'concept="answers", evidence="outside", witness="told"').replace(
        "import Run", "import Run, Watch, witness"
    )
    checks += dedent("""
        @witness("says")
        def told(watch: Watch) -> None:
            watch.hold(answer=1)
            watch.fact(watch.open("answer")[0].value == 42, "the answer", watch.open("answer")[0].value, 42)
    """)
    exercise = upper(checks=checks)
    scenario = "def says(student, probe):\n    probe.call('answer', student.answer(20))\n"
    (exercise.grader_folder / "witness.py").write_text(scenario)
    source = Source(file="ex90.py", text=UPPER)
    with Host(1, entry=PLAIN_ENTRY) as plain_host:
        for built_upon in (None, (_own(exercise, BASE),)):
            report = grade_source(
                exercise, source, host=host, witness=True, witness_host=plain_host, built_upon=built_upon
            )
            assert only(report).verdict is Verdict.PASSED
            assert only(report).remarks == ()


def test_what_an_exercise_stands_on_comes_in_the_catalogues_order(upper: Make, tmp_path: Path) -> None:
    """Also what it stands on through others."""
    upper()
    for name, builds_on in (("ex91", '["ex90"]'), ("ex92", '["ex91", "ex89"]')):
        folder = tmp_path / "exercises" / f"{name}_more"
        folder.mkdir()
        meta = f'id = "{name}"\ntitle = "More"\nsummary = "s"\ndifficulty = 1\nminutes = 1\nconcepts = ["c"]\n'
        (folder / "exercise.toml").write_text(f"{meta}builds_on = {builds_on}\n")
    (tmp_path / "exercises" / "catalog.toml").write_text(
        'order = ["ex89_base", "ex90_mini", "ex91_more", "ex92_more"]\n'
    )
    assert [each.id for each in catalog.foundations(catalog.load(tmp_path)[3])] == ["ex89", "ex90", "ex91"]


@pytest.mark.parametrize("builds_on", ['["ex90"]', '["ex98"]'], ids=["itself", "unknown"])
def test_an_exercise_builds_on_earlier_ones_only(upper: Make, builds_on: str) -> None:
    """Anything else is the author's mistake."""
    with pytest.raises(AuthoringError, match=r"ex90: builds_on 'ex9\d', which is no exercise before it."):
        catalog.foundations(upper(builds_on=builds_on))
