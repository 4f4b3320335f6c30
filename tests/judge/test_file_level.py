"""A file that cannot be judged as a whole: one finding, every check failed, and never a grader fault."""

import warnings

import pytest

from tests.judge.conftest import RIGHT, STUB, Grade, Make, only
from threadmarks.judge.loading import unchanged_stub
from threadmarks.model import Verdict


@pytest.mark.parametrize(
    ("source", "code", "verdict", "line", "words"),
    [
        ("def answer(x:\n", "syntax-error", "crashed", 1, "not valid Python"),
        ("x = 1\n  y = 2\n", "syntax-error", "crashed", 2, "not valid Python"),
        ("x = 1\nraise ValueError('no')\n", "import-error", "crashed", 2, "raised an exception"),
        ("import numpyy\n", "missing-module", "crashed", 1, "a module that is not there"),
        ("from threadmarks.judge import grade_source\n", "missing-module", "crashed", 1, "not there"),
        ("from queue import Quue\n", "import-error", "crashed", 1, "raised an exception"),
        ("import sys\nsys.exit(0)\n", "exited", "crashed", 2, "ends the program while it is being imported"),
        ("raise SystemExit\n", "exited", "crashed", 1, "ends the program"),
        ("import os\nos._exit(0)\n", "exited", "crashed", 2, "ends the program"),
        ("import ctypes\nctypes.string_at(0)\n", "died", "crashed", 0, "gone while your file was being imported"),
        ("while True:\n    pass\n", "spinning", "hang", 1, "does not come to an end"),
        ("import threading\nthreading.Event().wait()\n", "deadlock", "deadlock", 2, "nobody can give"),
        ("def answr(x, *, twice=False): ...\n", "missing-api", "failed", 0, "has no answer"),
        ("def answer(): ...\n", "wrong-signature", "failed", 1, "cannot be called"),
        ("answer = 42\n", "wrong-signature", "failed", 0, "cannot be called"),
        ("x = [0] * 10**12\n", "memory-limit", "crashed", 1, "more memory"),
    ],
)
def test_a_file_that_cannot_be_judged_fails_every_check_with_one_finding(
    grade: Grade, source: str, code: str, verdict: str, line: int, words: str
) -> None:
    """One cause, one report of it; the student's own line beside it."""
    report = grade(source)
    (finding,) = report.findings
    assert (finding.code, report.verdict.value) == (code, verdict)
    assert words in finding.message
    assert (finding.place.line if finding.place else 0) == line
    if finding.place:
        assert finding.place.text == source.splitlines()[line - 1]
    assert only(report).verdict is report.verdict
    assert (report.score, report.max_score, only(report).findings) == (0.0, 20.0, ())


def test_output_at_import_costs_nothing(grade: Grade) -> None:
    """A forgotten print is no crime."""
    assert grade("print('hello')\n" + RIGHT).verdict is Verdict.PASSED


def test_megabytes_of_output_at_import_cost_nothing(grade: Grade) -> None:
    """What is beyond the cap is dropped, and the run goes on."""
    report = grade("for _ in range(300): print('x' * 10000)\n" + RIGHT)
    assert report.verdict is Verdict.PASSED


def test_endless_output_at_import_ends(grade: Grade) -> None:
    """It is an endless loop, whatever it writes."""
    report = grade("while True:\n    print('x' * 1000)\n")
    assert report.findings[0].code in ("spinning", "output-limit", "time-limit")
    assert report.verdict in (Verdict.HANG, Verdict.CRASHED)


def test_an_optional_extra_parameter_is_no_problem(grade: Grade) -> None:
    """Lenient where a caller cannot tell the difference."""
    assert grade("def answer(x, extra=None, *, twice=False): return 42").verdict is Verdict.PASSED


def test_the_untouched_stub_is_recognised(grade: Grade) -> None:
    """The note costs nothing; the checks fail of themselves."""
    report = grade(STUB)
    assert [(finding.code, finding.costs_points) for finding in report.findings] == [("unchanged-stub", False)]
    assert only(report).findings[0].code == "not-implemented"


def test_a_stub_with_other_comments_is_still_the_stub(grade: Grade) -> None:
    """Layout is not work."""
    report = grade("# my name\n" + STUB + "\n\n")
    assert report.findings[0].code == "unchanged-stub"


def test_a_file_that_keeps_a_parser_busy_is_not_compared_with_the_stub(monkeypatch: pytest.MonkeyPatch) -> None:
    """A megabyte of replacement fields takes Python's parser a minute, and the judge has no limit of its own on time."""
    parsed: list[str] = []
    monkeypatch.setattr("ast.parse", parsed.append)
    assert unchanged_stub("f'" + "{a}" * 300_000 + "'", STUB) is None
    assert parsed == []


def test_looking_for_the_stub_warns_nobody() -> None:
    """Python's warning would print the student's own characters."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert unchanged_stub("x = '\\\x1b'\n", STUB) is None


def test_a_changed_stub_is_not_the_stub(grade: Grade) -> None:
    """Whoever has begun is not told that they have not."""
    assert grade(STUB.replace("raise NotImplementedError", "return 41")).findings == ()


FORBIDS = '[policy]\nforbidden_imports = ["concurrent.futures"]\n'


def test_a_forbidden_import_caps_the_score_at_half(make: Make, grade: Grade) -> None:
    """It works, so it is not nothing; it is not the exercise, so it is not everything."""
    report = grade("from concurrent import futures\n" + RIGHT, make(toml=FORBIDS))
    (finding,) = report.findings
    assert (report.score, report.max_score, report.verdict) == (10.0, 20.0, Verdict.POLICY)
    assert (finding.code, finding.place.line if finding.place else 0) == ("policy", 1)


def test_what_is_not_forbidden_is_not_reported(make: Make, grade: Grade) -> None:
    """The accepting case."""
    report = grade("import concurrent, queue\n" + RIGHT, make(toml=FORBIDS))
    assert (report.score, report.findings) == (20.0, ())
