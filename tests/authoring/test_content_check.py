"""The content check keeps each promise of an exercise honest: every rule with content that keeps it and content that breaks it."""

from pathlib import Path
from typing import Any

import pytest

from tests.judge.conftest import CHECKS, RIGHT, SCENARIOS, STUB, write_exercise
from threadmarks import catalog
from threadmarks.authoring import Row, as_table, check_content, proofs
from threadmarks.authoring.wrong import declaration
from threadmarks.catalog import Exercise
from threadmarks.errors import AuthoringError, UsageError
from threadmarks.judge import grade_source
from threadmarks.model import Report, Verdict
from threadmarks.races import Races, told
from threadmarks.sandbox.saferead import Source

WRONG = """\
# /// wrong
# misconception = "41 is close enough"
# must_fail = [{ check = "answer", finding = "wrong-answer" }]
# ///
def answer(x, *, twice=False):
    return 41
"""

STATEMENT = f"# Mini\n\n{told(Races())}\n"
HINTS = "## Hint 1\na\n## Hint 2\nb\n## Hint 3\nc\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """One exercise that keeps every promise."""
    exercise = write_exercise(tmp_path, stub=STUB, scenarios=SCENARIOS, checks=CHECKS)
    exercise.statement.write_text(STATEMENT)
    exercise.hints_file.write_text(HINTS)
    for name, text in {
        "ex90.py": RIGHT,
        "alternatives/one.py": "answer = lambda x, *, twice=False: 42\n",
        "alternatives/two.py": RIGHT + "# differently\n",
        "wrong/close_enough.py": WRONG,
    }.items():
        path = exercise.solution_folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def broken(root: Path) -> dict[str, tuple[str, ...]]:
    """The problems by what they are about."""
    return {row.what: row.problems for row in check_content(root=root) if row.problems}


def test_content_that_keeps_every_promise_has_no_problem(root: Path) -> None:
    """And one row for each promise, in a fixed order."""
    rows = check_content(root=root)
    assert [(row.what, row.problems) for row in rows] == [
        ("catalogue", ()),
        ("files", ()),
        ("stub", ()),
        ("reference", ()),
        ("alternative one", ()),
        ("alternative two", ()),
        ("wrong close_enough", ()),
    ]
    assert rows[-1].promise == "fails answer (wrong-answer)"
    assert rows[-1].seen == "0/20 failed: answer"


def test_several_jobs_say_the_same(root: Path) -> None:
    """In the same order."""
    assert check_content(root=root, jobs=2) == check_content(root=root)


EXPLORING = """
from threadmarks.grading import Explore, check, expect

@check(points=10, title="It gives the answer", concept="answers")
async def test_answer(explore: Explore) -> None:
    await explore("call", answered, schedules=40)

@check(points=10, title="It is asked", concept="answers")
async def test_other(explore: Explore) -> None:
    await explore("call", answered, schedules=40)

def answered(trace):
    expect(trace.note("answer").value == 42, code="wrong-answer", message="That is not the answer.")
"""
THREADED = """
import threading

def answer(x, *, twice=False):
    box = []

    def work():
        for number in range(9):
            box.append(number)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return 42
"""


def test_a_brief_check_spares_only_what_must_pass(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that must fail tries all that it asks for. This "wrong" solution is right, so all is tried."""
    (exercise,) = catalog.load(root)
    exercise.checks.write_text(EXPLORING)
    exercise.reference.write_text(THREADED)
    wrong = root / "solutions/ex90_mini/wrong/close_enough.py"
    wrong.write_text(WRONG.partition("def ")[0] + THREADED)
    tried: dict[str, list[int]] = {}

    def grade(exercise: Exercise, source: Source, **options: Any) -> Report:
        report = grade_source(exercise, source, **options)
        tried[source.text] = [check.schedules for check in report.checks]
        return report

    monkeypatch.setattr(proofs, "grade_source", grade)
    rows = {row.what: row.problems for row in check_content(root=root, brief=True)}
    assert rows["wrong close_enough"] == ("answer passes; it must fail with wrong-answer",)
    assert tried[wrong.read_text()] == [40, 1]
    assert tried[THREADED] == [proofs.BRIEF_SCHEDULES] * 2


def test_rows_are_told_as_they_come(root: Path) -> None:
    """For a progress line."""
    told: list[Row] = []
    assert set(check_content(root=root, tell=told.append)) == set(told)


def test_an_unknown_exercise_is_a_usage_error(root: Path) -> None:
    """With a suggestion."""
    with pytest.raises(UsageError, match="Did you mean ex90"):
        check_content(["90"], root=root)


@pytest.mark.parametrize(
    ("file", "text", "what", "problem"),
    [
        (
            "exercises/ex90_mini/ex90.py",
            RIGHT.replace("42", "41"),
            "stub",
            "answer: wrong-answer; declared is not-implemented",
        ),
        ("exercises/ex90_mini/ex90.py", RIGHT, "stub", "answer passes on the stub"),
        (
            "exercises/ex90_mini/ex90.py",
            "import nothing_there\n" + STUB,
            "stub",
            "answer: missing-module; declared is not-impl",
        ),
        (
            "solutions/ex90_mini/ex90.py",
            RIGHT.replace("42", "41"),
            "reference",
            "answer: failed: wrong-answer: That is not",
        ),
        (
            "solutions/ex90_mini/ex90.py",
            RIGHT.replace("(x,", "(y,"),
            "files",
            "the reference has answer(y, *, twice=False)",
        ),
        ("solutions/ex90_mini/ex90.py", "answer = lambda x, *, twice=False: 42\n", "files", "does not define answer"),
        ("solutions/ex90_mini/alternatives/two.py", WRONG, "alternative two", "answer: failed: wrong-answer"),
        (
            "solutions/ex90_mini/wrong/close_enough.py",
            WRONG.replace("41", "42"),
            "wrong close_enough",
            "answer passes; it must fail",
        ),
        (
            "solutions/ex90_mini/wrong/close_enough.py",
            WRONG.replace("wrong-answer", "other"),
            "wrong close_enough",
            "answer fails with wrong-answer; it must fail with other",
        ),
        (
            "solutions/ex90_mini/wrong/close_enough.py",
            WRONG.replace('check = "answer"', 'check = "anser"'),
            "wrong close_enough",
            'there is no check "anser". Did you mean "answer"?',
        ),
        (
            "solutions/ex90_mini/wrong/close_enough.py",
            WRONG.replace("# ///\ndef", '# verdict = "race"\n# ///\ndef'),
            "wrong close_enough",
            "answer: verdict failed; declared is race",
        ),
        (
            "graders/ex90_mini/test_mini.py",
            CHECKS.replace("points=20", "points=19"),
            "reference",
            "worth 19 points, not 20",
        ),
        (
            "graders/ex90_mini/test_mini.py",
            CHECKS.replace("== 42", "== {}[1]"),
            "reference",
            "answer: suspect: KeyError: 1",
        ),
        ("graders/ex90_mini/test_mini.py", "import nothing_there\n", "reference", "nothing_there"),
        ("exercises/ex90_mini/hints.md", "## Hint 1\na\n", "files", "1 hints; 3 are due"),
        ("exercises/ex90_mini/notes.txt", "", "files", "exercises/ex90_mini/notes.txt is not expected there"),
        ("exercises/ex90_mini/seen.svg", "", "files", "exercises/ex90_mini/seen.svg is not expected there"),
        (
            "solutions/ex90_mini/wrong/notes.txt",
            "",
            "files",
            "solutions/ex90_mini/wrong/notes.txt is not expected there",
        ),
        (
            "graders/ex91_gone/test_gone.py",
            "",
            "catalogue",
            "graders/ex91_gone belongs to no exercise of the catalogue",
        ),
        ("solutions/ex91_gone/ex91.py", "", "catalogue", "solutions/ex91_gone belongs to no exercise of the catalogue"),
    ],
)
def test_a_broken_promise_is_told(root: Path, file: str, text: str, what: str, problem: str) -> None:
    """One change, one problem, in the row that it belongs to."""
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    problems = broken(root)
    assert any(problem in told for told in problems[what]), problems


@pytest.mark.parametrize(
    "file",
    [
        "exercises/ex90_mini/README.md",
        "exercises/ex90_mini/hints.md",
        "graders/ex90_mini/scenarios.py",
        "graders/ex90_mini/test_mini.py",
        "solutions/ex90_mini/ex90.py",
    ],
)
def test_a_missing_file_is_told(root: Path, file: str) -> None:
    """By its place in the content."""
    (root / file).unlink()
    assert f"{file} is missing" in broken(root)["files"]


def test_a_figure_belongs_to_the_statement_that_shows_it(root: Path) -> None:
    """It is there, tells in words what it shows, and is not left behind when no statement shows it any more."""
    figure, statement = root / "exercises/ex90_mini/line.svg", root / "exercises/ex90_mini/README.md"
    figure.write_text("<svg><title>A line</title></svg>")
    assert broken(root)["files"] == ("exercises/ex90_mini/line.svg is not expected there",)
    statement.write_text(statement.read_text() + "\n![a line](line.svg)\n")
    (problem,) = broken(root)["files"]
    assert problem == "exercises/ex90_mini/line.svg has no title or no desc: a figure tells in words what it shows"
    figure.write_text("<svg><title>A line</title><desc>From left to right.</desc></svg>")
    assert "files" not in broken(root)
    figure.unlink()
    assert broken(root)["files"] == ("exercises/ex90_mini/line.svg is missing; the statement shows it",)


def test_too_few_alternatives_and_no_wrong_solution_are_told(root: Path) -> None:
    """A check that never failed anything proves nothing."""
    (root / "solutions/ex90_mini/alternatives/two.py").unlink()
    (root / "solutions/ex90_mini/wrong/close_enough.py").unlink()
    assert broken(root) == {"files": ("1 alternative solutions; at least 2 are due", "no wrong solution")}


def test_a_statement_that_does_not_tell_the_policy_is_told_the_paragraph(root: Path) -> None:
    """To be pasted."""
    path = root / "exercises/ex90_mini/exercise.toml"
    path.write_text(path.read_text().partition("[policy]")[0])
    (problem,) = broken(root)["files"]
    paragraph = problem.partition("it must say: ")[2]
    assert "the statement does not tell the policy" in problem
    (root / "exercises/ex90_mini/README.md").write_text(STATEMENT + paragraph.replace(" ", "\n") + "\n")
    assert broken(root) == {}


@pytest.mark.parametrize("costs", ["both", "interpreter"])
def test_a_statement_that_does_not_tell_which_races_count_is_told_the_sentence(root: Path, costs: str) -> None:
    """A student must be able to know what a race costs that their own Python never shows."""
    path = root / "exercises/ex90_mini/exercise.toml"
    path.write_text(path.read_text() + f'[races]\ncosts = "{costs}"\n')
    (root / "exercises/ex90_mini/README.md").write_text("# Mini\n")
    (problem,) = broken(root)["files"]
    assert "the statement does not tell which races cost points" in problem
    (root / "exercises/ex90_mini/README.md").write_text(problem.partition("it must say: ")[2])
    assert broken(root) == {}


@pytest.mark.parametrize(
    ("file", "text", "what"),
    [
        ("ex90.py", RIGHT, "reference"),
        ("alternatives/two.py", RIGHT, "alternative two"),
        ("wrong/close_enough.py", WRONG, "wrong close_enough"),
    ],
)
def test_a_file_of_ours_that_the_policy_hits_is_told(root: Path, file: str, text: str, what: str) -> None:
    """A policy that accuses them would accuse honest students."""
    path = root / "exercises/ex90_mini/exercise.toml"
    path.write_text(path.read_text() + 'forbidden_imports = ["pickle"]\n')
    statement = STATEMENT + "Do not import `pickle`: that would be the exercise, ready made. "
    statement += "A file that does it all the same is told the line, and gets at most half of the points."
    (root / "exercises/ex90_mini/README.md").write_text(statement)
    (root / "solutions/ex90_mini" / file).write_text(text + "\nimport pickle\n")
    ((where, problems),) = broken(root).items()
    assert where == what
    assert problems == ("policy: Your file uses what this exercise forbids: import of pickle.",)


def test_a_wrong_solution_may_declare_what_the_policy_finds_in_it(root: Path) -> None:
    """And then it must be found."""
    path = root / "exercises/ex90_mini/exercise.toml"
    path.write_text(path.read_text() + 'forbidden_imports = ["pickle"]\n')
    (root / "exercises/ex90_mini/README.md").write_text(
        STATEMENT + "Do not import `pickle`: that would be the exercise, ready made. "
        "A file that does it all the same is told the line, and gets at most half of the points."
    )
    wrong = root / "solutions/ex90_mini/wrong/close_enough.py"
    declared = WRONG.replace("# ///\ndef", '# policy = ["import of pickle"]\n# ///\ndef')
    wrong.write_text(declared + "\nimport pickle\n")
    assert broken(root) == {}
    wrong.write_text(declared)
    assert broken(root) == {"wrong close_enough": ('policy: "import of pickle" is declared and was not found',)}


SECOND = (
    CHECKS
    + """
@check(points=0, title="It is even", concept="answers")
async def test_even(run: Run) -> None:
    seen = (await run("call")).note("answer").value
    expect(seen % 2 == 0, code="odd", message="It is odd.")
"""
)


def test_a_check_in_neither_list_must_pass(root: Path) -> None:
    """A wrong solution that fails more than its misconception explains is two wrong solutions."""
    (root / "graders/ex90_mini/test_mini.py").write_text(SECOND)
    assert broken(root) == {"wrong close_enough": ("even fails with odd; it is in neither list",)}
    path = root / "solutions/ex90_mini/wrong/close_enough.py"
    path.write_text(WRONG.replace("# ///\ndef", '# may_fail = ["even"]\n# ///\ndef'))
    assert broken(root) == {}


def test_a_declaration_is_read() -> None:
    """With its defaults."""
    read = declaration(WRONG, "wrong.py")
    assert (read.misconception, read.may_fail, read.verdict) == ("41 is close enough", (), None)
    assert [(item.check, item.finding) for item in read.must_fail] == [("answer", "wrong-answer")]
    assert declaration(WRONG.replace("# ///\ndef", '# verdict = "race"\n# ///\ndef'), "w").verdict is Verdict.RACE


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\n" + WRONG, "the first line of a wrong solution is '# /// wrong'"),
        (WRONG.replace("# ///\n", ""), "is not closed by '# ///'"),
        (WRONG.replace("must_fail", "must_fial"), 'unknown key "must_fial". Did you mean "must_fail"?'),
        (WRONG.replace("finding =", "code ="), 'unknown key "must_fail.code"'),
        (WRONG.replace('[{ check = "answer", finding = "wrong-answer" }]', "[]"), "must_fail"),
    ],
)
def test_a_declaration_with_a_mistake_is_refused(text: str, words: str) -> None:
    """Where and what."""
    with pytest.raises(AuthoringError) as caught:
        declaration(text, "wrong.py")
    assert str(caught.value).startswith("wrong.py: ")
    assert words in str(caught.value)


def test_the_table_says_what_is_wrong_without_colour() -> None:
    """One line a promise, problems beneath, a summary at the end."""
    rows = [
        Row(exercise="ex90", what="stub", promise="failed", seen="0/20"),
        Row(
            exercise="ex90",
            what="wrong a",
            promise="fails b (c)",
            seen="20/20 passed",
            problems=("b passes; it must fail",),
        ),
    ]
    assert as_table(rows, width=80).splitlines() == [
        "exercise  file            promised                    seen",
        "ex90      stub     ok     failed                      0/20",
        "ex90      wrong a  WRONG  fails b (c)                 20/20 passed",
        "    - b passes; it must fail",
        "",
        "2 promises, 1 broken",
    ]
