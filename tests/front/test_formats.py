"""What other systems read: each format's shape, and that none tells what a hidden check expects."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from tests.front import samples
from threadmarks import catalog
from threadmarks.commands import main
from threadmarks.commands.check import FORMATS
from threadmarks.model import Finding, Verdict, Visibility
from threadmarks.report import autolab, check50, exercism, gradescope, junit, prairielearn
from threadmarks.report import json as report_json

MODULES = {
    each.__name__.rpartition(".")[2]: each for each in (autolab, check50, exercism, gradescope, junit, prairielearn)
}


def test_every_format_has_its_module():
    """The command imports it by name."""
    assert set(FORMATS) == set(MODULES)


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_tells_what_a_hidden_check_expects(name):
    """They are all for students."""
    finding = Finding(
        code="x", message="It went wrong.", measured="m-4711", seen="s-4711", wanted="w-4711", means="n-4711"
    )
    check = samples.failed("order", finding, fault="f-4711")
    check = replace(check, spec=replace(check.spec, visibility=Visibility.HIDDEN))
    text = MODULES[name].render(samples.report(check))
    assert "It went wrong." in text
    assert "4711" not in text


@pytest.mark.parametrize("sample", sorted(samples.SAMPLES))
def test_exercism(sample):
    """Version 3, with a status for each test; an error where nothing could be tried."""
    report = samples.SAMPLES[sample]
    told = json.loads(exercism.render(report))
    assert told["version"] == 3
    assert told["status"] in ("pass", "fail", "error")
    assert (told["status"] == "pass") == (report.verdict is Verdict.PASSED)
    assert (told["status"] == "error") == ("message" in told)
    for test in told["tests"]:
        assert set(test) <= {"name", "status", "message", "output", "test_code", "task_id"}
        assert (test["status"] == "pass") != ("message" in test)
        assert len(test.get("output", "")) <= 500
    assert json.loads(exercism.render(samples.SAMPLES["not-loaded"]))["status"] == "error"


@pytest.mark.parametrize("sample", sorted(samples.SAMPLES))
def test_check50(sample):
    """Null where there is no verdict; a cause for each that is not true."""
    report = samples.SAMPLES[sample]
    told = json.loads(check50.render(report))
    assert set(told) == {"slug", "results", "version"}
    assert [each["passed"] for each in told["results"]] == [
        check.passed if check.graded else None for check in report.checks
    ]
    for each in told["results"]:
        assert set(each) == {"name", "description", "passed", "log", "cause", "data", "dependency"}
        assert (each["cause"] is None) == (each["passed"] is True)


def test_check50_never_cuts_values_to_the_same_text():
    """Long values that differ at their end."""
    finding = Finding(code="x", message="m", seen="a" * 300 + "1", wanted="a" * 300 + "2")
    (result,) = json.loads(check50.render(samples.report(samples.failed("order", finding))))["results"]
    assert result["cause"]["actual"] != result["cause"]["expected"]


@pytest.mark.parametrize("sample", sorted(samples.SAMPLES))
def test_prairielearn(sample):
    """A share from 0 to 1; not gradable where the grader failed at everything."""
    report = samples.SAMPLES[sample]
    told = json.loads(prairielearn.render(report))
    assert 0 <= told["score"] <= 1
    assert told["score"] == pytest.approx(report.score / report.max_score if report.max_score else 0)
    assert len(told["tests"]) == sum(check.graded for check in report.checks)
    broken = samples.report(samples.failed("x", verdict=Verdict.GRADER_FAULT))
    assert json.loads(prairielearn.render(broken))["gradable"] is False


@pytest.mark.parametrize("sample", sorted(samples.SAMPLES))
def test_autolab(sample):
    """The last line's scores add up to the score, also where the policy caps it."""
    report = samples.SAMPLES[sample]
    last = json.loads(autolab.render(report).rstrip("\n").rpartition("\n")[2])
    assert set(last) == {"scores"}
    assert sum(last["scores"].values()) == report.score


@pytest.mark.parametrize("sample", sorted(samples.SAMPLES))
def test_gradescope(sample):
    """The score overrides the sum; nothing is hidden there; what was not graded counts for nothing."""
    report = samples.SAMPLES[sample]
    told = json.loads(gradescope.render(report))
    assert told["score"] == report.score
    assert sum(test["max_score"] for test in told["tests"]) == report.max_score
    assert {test["visibility"] for test in told["tests"]} == {"visible"}


def test_the_command_prints_a_format_and_nothing_else(tmp_path, monkeypatch):
    """With the exit code of the grading."""
    monkeypatch.chdir(tmp_path)
    stub = catalog.resolve("ex00").stub
    told = CliRunner().invoke(main, ["ex00", str(stub), "--no-record", "--format", "check50"])
    assert told.exit_code == 1
    assert json.loads(told.stdout)["slug"] == "threadmarks/ex00"


def test_objects_are_indented_as_the_standard_library_does():
    """Whoever compares files of two versions sees what changed and no more."""
    value = {
        "a": [],
        "b": {},
        "": [{}, [[]], 'é\u2028"\\\n\x00</b>', 1.5, 1e300, -0.0, None, True, 10**20, {"c": {"d": [1]}}],
    }
    assert report_json.dumps(value) == json.dumps(value, indent=2) + "\n"
    with pytest.raises(ValueError, match="not JSON compliant"):
        report_json.dumps({"a": float("nan")})
