"""Programs that nobody here wrote, graded through thin adapters: the report says what is true of them and nothing false."""

import tomllib
from pathlib import Path

import pytest

from tests.adapters.packing import packed
from threadmarks import catalog
from threadmarks.judge import grade_source
from threadmarks.model import Verdict
from threadmarks.sandbox.saferead import Source, read

ADAPTERS = sorted(Path(__file__).parent.glob("ex*.py"))


def declared(path: Path) -> dict:
    """The `# /// adapter` block at the top of an adapter."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# /// adapter"
    return tomllib.loads("\n".join(line.removeprefix("#").strip() for line in lines[1 : lines.index("# ///")]))


@pytest.mark.parametrize("path", ADAPTERS, ids=[path.stem for path in ADAPTERS])
def test_a_library_gets_the_verdict_that_is_true_of_it(path):
    """Checks that judge behaviour must hold for code in a style that no author of ours had in mind."""
    promise = declared(path)
    source = read(path)
    if "packages" in promise:
        source = Source(file=source.file, text=packed(source.text, promise["packages"]))
    report = grade_source(catalog.resolve(promise["exercise"]), source)
    failed = {
        check.spec.name: {f.code for f in check.findings if f.costs_points}
        for check in report.checks
        if not check.passed
    }
    assert failed == {row["check"]: {row["finding"]} for row in promise["must_fail"]}
    assert report.score == promise["score"]
    told, modules = [finding for finding in report.findings if finding.costs_points], promise.get("policy", [])
    assert {finding.code for finding in told} == ({"policy"} if modules else set())
    assert all(any(module in finding.message + finding.seen for finding in told) for module in modules)
    assert not {check.verdict for check in report.checks} & {Verdict.GRADER_FAULT, Verdict.SUSPECT}
