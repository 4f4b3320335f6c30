"""`grade` with an exercise that builds on another: which file is taken, and what is said when it is not there."""

import json
from pathlib import Path

import pytest

from tests.judge.conftest import CHECKS, SCENARIOS, STUB, write_exercise
from threadmarks import content, progress
from threadmarks.commands import main
from threadmarks.sandbox.ladder import survey

UPPER = "from ex89 import base\n\ndef answer(x, *, twice=False):\n    return base() * 2\n"
META = 'id = "ex89"\ntitle = "Base"\nsummary = "Below"\ndifficulty = 1\nminutes = 1\nconcepts = ["tests"]\n'
BEST = next(seen.rung for seen in survey() if seen.offered)
OFFICIAL = ["--official", "--rung", BEST.value, "--secret-file", "secret"]


def base(value: int) -> str:
    """A file for ex89."""
    return f"def base():\n    return {value}\n"


@pytest.fixture
def folder(cli, tmp_path, monkeypatch):
    """Working in `work/`: ex90 is there, which builds on ex89, whose reference gives 21."""
    root = tmp_path / "content"
    write_exercise(root, stub=STUB, scenarios=SCENARIOS, checks=CHECKS, toml='builds_on = ["ex89"]\n')
    for part, name, text in (("exercises", "exercise.toml", META), ("solutions", "ex89.py", base(21))):
        (root / part / "ex89_base").mkdir(parents=True)
        (root / part / "ex89_base" / name).write_text(text)
    (root / "exercises" / "catalog.toml").write_text('order = ["ex89_base", "ex90_mini"]\n')
    monkeypatch.setattr(content, "root", lambda: root)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    (work / "ex90.py").write_text(UPPER)
    (work / "secret").write_text("a word that nobody knows\n")
    return work


def graded(cli, *words):
    """The report as an object."""
    result = cli.invoke(main, ["ex90", "--json", *words])
    assert result.exit_code in (0, 1), result.output
    return json.loads(result.stdout)


def test_a_missing_file_below_is_named_with_the_way_to_get_one(cli, folder):
    """As if the file itself were missing: nothing is graded."""
    result = cli.invoke(main, ["ex90", "--json"])
    assert result.exit_code == 2
    error = json.loads(result.stdout)["error"]
    assert error["code"] == "no-foundation"
    assert error["message"] == (
        "ex90 builds on ex89, and there is no ex89.py beside ex90.py or in this folder. Put yours there, or begin it: "
        "main show ex89 --stub > ex89.py"
    )


def test_the_file_beside_the_graded_one_comes_first(cli, folder):
    """Then the one in the working folder."""
    (folder / "ex89.py").write_text(base(1))
    assert graded(cli)["extra"]["built_upon"] == "your own ex89.py"
    (folder / "other").mkdir()
    (folder / "other" / "ex90.py").write_text(UPPER)
    assert graded(cli, "other/ex90.py")["extra"]["built_upon"] == "your own ex89.py"
    (folder / "other" / "ex89.py").write_text(base(21))
    report = graded(cli, "other/ex90.py")
    assert report["extra"]["built_upon"] == "your own other/ex89.py"
    assert report["verdict"] == "passed"


def test_officially_the_reference_is_built_upon_unless_the_chain_is_asked_for(cli, folder):
    """One's own file below is then not even looked for."""
    report = graded(cli, *OFFICIAL)
    assert (report["verdict"], report["extra"]["built_upon"]) == ("passed", "the reference solution of ex89")
    (folder / "ex89.py").write_text(base(1))
    report = graded(cli, *OFFICIAL, "--chain")
    assert (report["verdict"], report["extra"]["built_upon"]) == ("failed", "your own ex89.py")


def test_the_chain_is_read_as_strictly_as_the_file_itself(cli, folder):
    """A second name of a file is refused in official grading."""
    (folder / "ex89.py").write_text(base(21))
    (folder / "again.py").hardlink_to(folder / "ex89.py")
    result = cli.invoke(main, ["ex90", "--json", *OFFICIAL, "--chain"])
    assert result.exit_code == 2
    assert "ex89.py" in json.loads(result.stdout)["error"]["message"]


def test_a_file_below_that_is_known_not_to_pass_is_remarked_on(cli, folder):
    """Known from the board; nothing is graded for it."""
    (folder / "ex89.py").write_text(base(21))
    assert graded(cli)["findings"] == []
    progress.record(Path(), lambda old: old.with_grading("ex89", score=3, max_score=20, passed=False))
    report = graded(cli)
    assert [finding["code"] for finding in report["findings"]] == ["unproven-foundation"]
    assert report["verdict"] == "passed"
    progress.record(Path(), lambda old: old.with_grading("ex89", score=20, max_score=20, passed=True))
    assert graded(cli)["findings"] == []


def test_a_token_is_replayed_upon_what_it_was_made_upon(cli, folder):
    """Upon the reference without any file below; upon one's own with it."""
    (folder / "ex90.py").write_text(UPPER.replace("* 2", "* 3"))
    upon_reference = graded(cli, *OFFICIAL)["checks"][0]["token"]
    assert "+ref" in upon_reference
    words = ["replay", upon_reference, "--json", "--secret-file", "secret"]
    report = json.loads(cli.invoke(main, words).stdout)
    assert (report["extra"]["built_upon"], report["findings"]) == ("the reference solution of ex89", [])
    (folder / "ex89.py").write_text(base(1))
    upon_own = graded(cli)["checks"][0]["token"]
    report = json.loads(cli.invoke(main, ["replay", upon_own, "--json"]).stdout)
    assert (report["extra"]["built_upon"], report["findings"]) == ("your own ex89.py", [])


def test_text_and_page_say_what_was_built_upon(cli, folder):
    """Below the file's own line."""
    (folder / "ex89.py").write_text(base(21))
    result = cli.invoke(main, ["ex90", "--html", "report.html"])
    assert "\nBuilt upon your own ex89.py\n" in result.stdout
    assert "Built upon your own ex89.py" in (folder / "report.html").read_text()
