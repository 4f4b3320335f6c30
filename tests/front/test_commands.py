"""The commands, called in this process: what they print, where, and how they end."""

import json
import re
from dataclasses import replace

import click
import msgspec
import pytest

from threadmarks import __version__, catalog, content, judge
from threadmarks.commands import main
from threadmarks.errors import GraderFault
from threadmarks.model import Verdict
from threadmarks.progress import load, record

REPOSITORY = content.PACKAGE.parent
REFERENCE = catalog.resolve("ex00").reference
STUB = catalog.resolve("ex00").stub
COMMANDS = sorted(main.commands)


@pytest.fixture
def ready(cli, tmp_path):
    """A working folder with the reference solution of ex00 in it."""
    (tmp_path / "ex00.py").write_bytes(REFERENCE.read_bytes())
    return cli


def test_a_pass_ends_with_0(ready):
    """All points, exit code 0, nothing on stderr, and the board knows."""
    result = ready.invoke(main, ["ex00"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Passed: 20 of 20 points." in result.stdout
    assert "  ex00  passed       20/20" in ready.invoke(main, []).stdout


def test_the_word_check_may_be_left_out(ready):
    """It is there for whoever looks for it."""
    assert ready.invoke(main, ["check", "ex00"]).stdout == ready.invoke(main, ["ex00"]).stdout


def test_a_file_alone_names_its_exercise(ready):
    """What is typed with the tab key."""
    assert ready.invoke(main, ["./ex00.py"]).exit_code == 0


def test_a_fail_ends_with_1(cli):
    """The stub is a fail, and the next step is a hint."""
    result = cli.invoke(main, ["ex00", str(STUB)])
    assert (result.exit_code, result.stderr) == (1, "")
    assert "Not passed: 0 of 20 points." in result.stdout
    assert result.stdout.endswith("hint ex00\n")


def test_json_is_one_object_of_the_promised_shape(ready):
    """Everything that a script may rely on."""
    result = ready.invoke(main, ["ex00", "--json"])
    told = json.loads(result.stdout)
    assert result.stderr == ""
    assert {"schema", "exercise", "score", "max_score", "verdict", "python", "kit", "checks", "findings"} <= set(told)
    assert (told["schema"], told["exercise"], told["score"], told["max_score"], told["verdict"], told["kit"]) == (
        "threadmarks/report/1",
        "ex00",
        20,
        20,
        "passed",
        __version__,
    )
    for check in told["checks"]:
        assert {"name", "title", "score", "max_score", "passed", "verdict", "message", "findings", "token"} <= set(
            check
        )
        assert isinstance(check["score"], int | float)


def test_json_names_the_line_of_a_finding(cli):
    """Code, message, file and line."""
    told = json.loads(cli.invoke(main, ["ex00", str(STUB), "--json"]).stdout)
    finding = told["checks"][0]["findings"][0]
    assert finding["code"] == "not-implemented"
    assert "raise NotImplementedError" in STUB.read_text().splitlines()[finding["line"] - 1]
    assert finding["file"] == str(STUB)
    assert told["checks"][0]["message"] == finding["message"]


def test_json_before_the_exercise_counts_too(ready):
    """Options stand where people put them."""
    assert json.loads(ready.invoke(main, ["--json", "ex00"]).stdout)["score"] == 20


def test_an_error_with_json_is_an_object_too(cli):
    """A script that reads stdout finds out there, a person on stderr."""
    result = cli.invoke(main, ["ex00", "nothing.py", "--json"])
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["code"] == "no-file"
    assert json.loads(result.stdout)["error"]["exit_code"] == 2
    assert result.stderr.startswith("Error: ")


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["ex0"], "ex00"),
        (["ex99"], "See all exercises with: grade"),
        (["one_thread"], "ex00"),
        (["expalin", "x"], "explain"),
        (["hnit", "ex00"], "hint"),
        (["hint", "ex000"], "ex00"),
        (["show", "0"], "ex00"),
        (["explain", "dedlock"], "deadlock"),
        (["ex00", "--jsno"], "--json"),
    ],
)
def test_did_you_mean(cli, words, meant):
    """A wrong word ends with 2 and the nearest right one."""
    result = cli.invoke(main, words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert meant in result.stderr


def test_a_usage_error_is_two_lines(cli):
    """What is wrong, and where to read on."""
    assert cli.invoke(main, ["expalin"], prog_name="grade").stderr == (
        'Error: There is no command or exercise "expalin". Did you mean "explain"?\nTry \'grade --help\' for help.\n'
    )


def test_no_file_says_where_it_looked_and_how_to_begin(cli):
    """The first thing that a new student does."""
    result = cli.invoke(main, ["ex00"], prog_name="grade")
    assert result.exit_code == 2
    assert "There is no file for ex00 here (looked for ex00.py, " in result.stderr
    assert "grade show ex00 --stub > ex00.py" in result.stderr


@pytest.mark.parametrize("place", ["ex00.py", "exercises/ex00.py", "exercises/ex00_one_thread/ex00.py"])
def test_the_default_file_is_found_in_each_place(cli, tmp_path, place):
    """Where students keep theirs."""
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / place).write_bytes(STUB.read_bytes())
    assert f"\n{place}, Python" in cli.invoke(main, ["ex00"]).stdout


def test_a_fault_of_the_grader_ends_with_3(ready, monkeypatch):
    """It is not the student's, and says so; the traceback is there on request."""

    def broken(*arguments: object, **named: object) -> None:
        raise GraderFault("the checks could not be run")

    monkeypatch.setattr(judge, "grade_source", broken, raising=False)
    result = ready.invoke(main, ["ex00"])
    assert (result.exit_code, result.stdout) == (3, "")
    assert "This is not your fault" in result.stderr
    assert "Traceback" not in result.stderr
    assert "Traceback" in ready.invoke(main, ["ex00"], env={"THREADMARKS_DEBUG": "1"}).stderr


def test_an_ungraded_check_ends_with_3(ready, monkeypatch):
    """A script must not take an incomplete grade for a whole one."""
    from samples import SAMPLES

    monkeypatch.setattr(judge, "grade_source", lambda *_, **__: SAMPLES["fault"], raising=False)
    result = ready.invoke(main, ["ex00"])
    assert result.exit_code == 3
    assert "costs no points" in result.stdout


def test_an_interrupt_ends_with_130(ready, monkeypatch):
    """As shells have it."""

    def interrupted(*arguments: object, **named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(judge, "grade_source", interrupted, raising=False)
    result = ready.invoke(main, ["ex00"])
    assert result.exit_code == 130
    assert result.stderr.strip() == "Interrupted."


@pytest.mark.parametrize("words", [[], ["ex00"], ["hint", "ex00"], ["show", "ex00"], ["explain"], ["explain", "race"]])
def test_what_is_not_a_terminal_gets_no_control_codes(ready, words):
    """Pipes and files hold text."""
    result = ready.invoke(main, words)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", result.output)


def test_colour_comes_when_forced_and_never_with_no_color(ready):
    """NO_COLOR wins."""
    assert "\x1b[" in ready.invoke(main, ["ex00"], env={"FORCE_COLOR": "1"}).stdout
    assert "\x1b[" not in ready.invoke(main, ["ex00"], env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).stdout
    assert "\x1b[" not in ready.invoke(main, ["ex00", "--plain"], env={"FORCE_COLOR": "1"}).stdout


def test_hints_come_one_at_a_time(cli, tmp_path):
    """The next only on request; the last one stays; a level can be asked for again."""
    hints = catalog.resolve("ex00").hints()
    for level in [*range(1, len(hints) + 1), len(hints)]:
        assert cli.invoke(main, ["hint", "ex00"]).stdout.startswith(f"ex00, hint {level} of {len(hints)}\n")
    assert cli.invoke(main, ["hint", "ex00", "1"]).stdout.startswith("ex00, hint 1 of ")
    assert load(tmp_path).of("ex00").hints == len(hints)
    assert cli.invoke(main, ["hint", "ex00", "99"]).exit_code == 2


def test_show_prints_the_statement_and_the_stub(cli):
    """As they are, when it is no terminal."""
    exercise = catalog.resolve("ex00")
    assert cli.invoke(main, ["show", "ex00"]).stdout == exercise.statement.read_text()
    assert cli.invoke(main, ["show", "ex00", "--stub"]).stdout == exercise.stub.read_text()


def test_a_code_of_an_exercise_is_explained_from_its_checks(cli):
    """A code in a report must not be unknown to `grade explain`."""
    told = cli.invoke(main, ["explain", "threads-started"]).stdout
    assert "Given by the checks of ex00" in told


def test_replay_shows_the_run_again(cli, tmp_path):
    """The command in the report works as it stands."""
    report = json.loads(cli.invoke(main, ["ex00", str(STUB), "--json"]).stdout)
    token = report["checks"][0]["token"]
    result = cli.invoke(main, ["replay", token, str(STUB)])
    assert result.exit_code == 1
    assert f"Replay of {token}\n" in result.stdout
    assert "Threads over virtual time" in result.stdout
    assert json.loads(cli.invoke(main, ["replay", token, str(STUB), "--json"]).stdout)["extra"]["replay"] == token


def test_replay_of_another_exercises_token_or_of_nonsense_ends_with_2(cli):
    """Copied from the wrong window."""
    for token in ("nonsense", "tm9.ex00.a.block", "tm2.ex77.a.block", "tm2.ex00.no_such.block"):
        result = cli.invoke(main, ["replay", token, str(STUB)])
        assert (result.exit_code, result.stdout) == (2, ""), token


def test_the_board_as_an_object(cli, tmp_path):
    """Every exercise, in the catalogue's order."""
    record(tmp_path, lambda old: old.with_grading("ex00", score=20.0, max_score=20.0, passed=True))
    told = json.loads(cli.invoke(main, ["--json"]).stdout)
    assert [each["id"] for each in told["exercises"]] == [exercise.id for exercise in catalog.load()]
    assert told["exercises"][0]["state"] == "passed"
    assert told["next"].endswith("show ex01")


def test_a_bonus_is_told_and_offered_last(cli, monkeypatch, tmp_path):
    """Nobody need do it: it is the next step only when nothing else is left."""
    (first, second, *_) = catalog.load()
    bonus = replace(first, meta=msgspec.structs.replace(first.meta, bonus=True))
    monkeypatch.setattr(catalog, "load", lambda: (bonus, second))
    told = cli.invoke(main, []).stdout
    assert f"{first.title} (bonus)\n" in told
    assert f"{second.title} (bonus)" not in told
    assert told.endswith(f"{second.id}\n")
    record(tmp_path, lambda old: old.with_grading(second.id, score=20.0, max_score=20.0, passed=True))
    told = json.loads(cli.invoke(main, ["--json"]).stdout)
    assert [each["bonus"] for each in told["exercises"]] == [True, False]
    assert told["next"].endswith(f"show {first.id}")


def test_a_damaged_record_does_not_stop_the_board_or_a_grade(ready, tmp_path):
    """A warning on stderr, the answer on stdout, the old file kept."""
    (tmp_path / ".threadmarks").mkdir()
    (tmp_path / ".threadmarks" / "progress.json").write_text("{")
    assert ready.invoke(main, []).stderr.startswith("Warning: ")
    result = ready.invoke(main, ["ex00"])
    assert result.exit_code == 0
    assert "set-aside-1" in result.stderr


def test_a_grade_is_shown_where_nothing_can_be_recorded(ready, tmp_path):
    """A read-only folder costs the record, not the grade."""
    (tmp_path / ".threadmarks").write_text("")
    result = ready.invoke(main, ["ex00"])
    assert result.exit_code == 0
    assert "Passed: 20 of 20 points." in result.stdout
    assert "could not be recorded" in result.stderr


def test_no_record_leaves_the_folder_alone(ready, tmp_path):
    """For whoever grades somebody else's file."""
    ready.invoke(main, ["ex00", "--no-record"])
    assert [path.name for path in tmp_path.iterdir()] == ["ex00.py"]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(cli, name):
    """And its first line stands in the list of commands."""
    command = main.commands[name]
    help_text = cli.invoke(main, [name, "--help"]).stdout
    assert "Examples:" in help_text
    assert "grade " in help_text
    assert command.short_help
    assert command.short_help in cli.invoke(main, ["--help"]).stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_a_help_text(name):
    """None is a riddle."""
    assert all(option.help for option in main.commands[name].params if isinstance(option, click.Option))


def test_version(cli):
    """One line."""
    assert cli.invoke(main, ["--version"]).stdout == f"threadmarks {__version__}\n"


def test_every_verdict_has_an_exit_code(ready, monkeypatch):
    """None is forgotten when a verdict is added."""
    from samples import failed, report

    for verdict in Verdict:
        monkeypatch.setattr(
            judge, "grade_source", lambda *_, v=verdict, **__: report(failed("a", verdict=v), verdict=v), raising=False
        )
        assert ready.invoke(main, ["ex00"]).exit_code == {"passed": 0, "grader fault": 3}.get(verdict.value, 1)
