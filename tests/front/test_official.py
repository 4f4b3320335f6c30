"""Grading for marks: a secret, a strict look at the file, and no weaker sandbox than the one asked for."""

import json
import os

import pytest

from threadmarks import catalog, wire
from threadmarks.commands import main, settings
from threadmarks.errors import SandboxError, UsageError
from threadmarks.judge import floor, grade_source
from threadmarks.sandbox.host import PLAIN_ENTRY, Host
from threadmarks.sandbox.ladder import Rung, survey
from threadmarks.sandbox.saferead import Source

EXERCISE = catalog.resolve("ex00")
REFERENCE = EXERCISE.reference.read_text(encoding="utf-8")
SECRET = "a word that nobody knows"
BEST = next(seen.rung for seen in survey() if seen.offered)


@pytest.fixture
def ready(cli, tmp_path, monkeypatch):
    """A folder with a submission and a secret, and nothing set in the environment."""
    for name in ("THREADMARKS_RUNG", "THREADMARKS_SECRET_FILE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "ex00.py").write_text(REFERENCE)
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    return cli


@pytest.fixture(scope="module")
def weak_host():
    """Runs held by resource limits only."""
    with Host(1, rung=Rung.RLIMITS) as host:
        yield host


def official(cli, *more, **options):
    """`grade ex00 --official --rung BEST --secret-file secret --json`."""
    words = ["ex00", "--official", "--rung", BEST.value, "--secret-file", "secret", "--json", "--no-record", *more]
    return cli.invoke(main, words, **options)


def test_an_official_grading_says_so_and_on_which_rung(ready):
    """Whoever reads the report later must know."""
    result = official(ready)
    assert (result.exit_code, result.stderr) == (0, "")
    extra = json.loads(result.stdout)["extra"]
    assert (extra["official"], extra["rung"]) == ("yes", BEST.value)


def test_an_ordinary_grading_does_not_call_itself_official(ready):
    """The rung is told all the same."""
    extra = json.loads(ready.invoke(main, ["ex00", "--json"]).stdout)["extra"]
    assert "official" not in extra
    assert extra["rung"] == BEST.value


def test_official_without_a_secret_is_a_usage_error_that_says_how_to_make_one(ready):
    """The whole message."""
    result = ready.invoke(main, ["ex00", "--official"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "needs a secret" in result.stderr
    assert "secrets.token_hex(32)" in result.stderr
    with pytest.raises(UsageError, match="needs a secret"):
        grade_source(EXERCISE, Source(file="ex00.py", text=REFERENCE), official=True)


def test_the_environment_stands_for_the_options(ready):
    """One setting for a whole course."""
    environment = {"THREADMARKS_SECRET_FILE": "secret", "THREADMARKS_RUNG": BEST.value}
    result = ready.invoke(main, ["ex00", "--official", "--json", "--no-record"], env=environment)
    assert (result.exit_code, json.loads(result.stdout)["extra"]["official"]) == (0, "yes")
    wrong = ready.invoke(main, ["ex00"], env={"THREADMARKS_RUNG": "strong"})
    assert wrong.exit_code == 2
    assert "'full', 'no-user-namespace', 'rlimits', 'plain'" in wrong.stderr


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "cannot be read: No such file"),
        (lambda path: path.mkdir(), "is not a regular file"),
        (os.mkfifo, "is not a regular file"),
        (lambda path: path.write_text(" \n\t\n"), "is empty"),
        (lambda path: path.write_text("x" * 15 + "\n"), "is shorter than 16 bytes, and so could be guessed"),
        (lambda path: path.write_text(f"{'  ' * 8}xx\n"), "is shorter than 16 bytes, and so could be guessed"),
        (lambda path: path.write_bytes(b"\xffsecret\xfe"), "is not UTF-8 text"),
        (lambda path: path.write_text("x" * (settings.SECRET_LIMIT_BYTES + 1)), "is larger than 64 KiB"),
    ],
)
def test_a_secret_that_cannot_be_read_is_a_usage_error(ready, tmp_path, make, words):
    """Nothing hangs, nothing is graded, and nothing of the secret is shown."""
    make(tmp_path / "other")
    result = ready.invoke(main, ["ex00", "--official", "--secret-file", "other"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
    assert "xff" not in result.stderr
    assert "xxx" not in result.stderr


def test_a_short_secret_is_told_how_to_make_one_and_sixteen_bytes_will_do(ready, tmp_path):
    """Whoever can guess the secret knows the inputs. Bytes count, not letters; white space around them does not."""
    (tmp_path / "short").write_text(" short \n")
    result = ready.invoke(main, ["ex00", "--official", "--secret-file", "short"])
    assert settings.HOW_TO_MAKE_ONE in result.stderr
    (tmp_path / "long").write_text("é" * 8 + "\n")
    assert settings.read_secret(str(tmp_path / "long")) == "é" * 8


def test_a_secret_may_be_a_link_and_white_space_at_its_end_does_not_count(tmp_path):
    """Some systems hand secrets out as links; editors add a line end."""
    (tmp_path / "secret").write_text(f" {SECRET}\r\n\n")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    assert settings.read_secret(str(tmp_path / "link")) == f" {SECRET}"
    assert SECRET not in repr(settings.terms(official=True, rung=None, secret_file=str(tmp_path / "link")))


def test_the_secret_reaches_no_runner_and_no_report(ready, monkeypatch):
    """Only a seed made of it does."""
    sent = []
    run = Host.run

    def recorded(self, request, *more, **named):
        sent.append(wire.encode_request(request))
        return run(self, request, *more, **named)

    monkeypatch.setattr(Host, "run", recorded)
    (result, shown) = (official(ready), [])
    shown += [result.stdout, result.stderr]
    assert len(sent) > 1
    assert not [request for request in sent if SECRET.encode() in request]
    assert SECRET not in "".join(shown)


def test_an_official_grading_reads_the_file_strictly(ready, tmp_path):
    """A second name for the same file is somebody else's chance to change it."""
    os.link(tmp_path / "ex00.py", tmp_path / "second.py")
    assert ready.invoke(main, ["ex00", "--no-record"]).exit_code == 0
    result = official(ready)
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["code"] == "not-a-file"


# ---- the lowest rung


def test_a_host_below_the_floor_grades_nothing(weak_host):
    """And runs nothing of the submission: it would leave a trace."""
    ran = []
    run = weak_host.run
    source = Source(file="ex00.py", text=REFERENCE)
    try:
        weak_host.run = lambda request, *more, **named: ran.append(request.source) or run(request, *more, **named)
        with pytest.raises(SandboxError) as caught:
            grade_source(EXERCISE, source, host=weak_host, official=True, secret=SECRET)
    finally:
        del weak_host.run
    assert ran == [""]
    message = str(caught.value)
    assert message.startswith('Submissions are held by the rung "rlimits" here, and at least "full" is asked for.')
    assert message.endswith("See: grade doctor --rung full")


def test_a_lower_floor_accepts_it(weak_host):
    """The instructor's choice, and told in the report."""
    source = Source(file="ex00.py", text=REFERENCE)
    report = grade_source(EXERCISE, source, host=weak_host, official=True, secret=SECRET, lowest=Rung.RLIMITS)
    assert (report.extra["rung"], report.extra["official"], report.score) == ("rlimits", "yes", 20.0)


def test_a_floor_holds_without_official_too(weak_host):
    """`--rung` alone."""
    with pytest.raises(SandboxError, match='at least "no-user-namespace" is asked for'):
        grade_source(EXERCISE, Source(file="ex00.py", text=REFERENCE), host=weak_host, lowest=Rung.NO_USER_NAMESPACE)


@pytest.mark.parametrize("rung", [None, *Rung])
@pytest.mark.parametrize("lowest", list(Rung))
def test_exactly_the_weaker_rungs_and_the_unknown_are_refused(monkeypatch, rung, lowest):
    """Strictest first: full, no-user-namespace, rlimits, plain."""
    monkeypatch.setattr(floor, "_missing", lambda lowest: "user namespaces: Operation not permitted")
    order = ["full", "no-user-namespace", "rlimits", "plain"]
    if rung is not None and order.index(rung.value) <= order.index(lowest.value):
        floor.hold(rung, lowest)
        return
    with pytest.raises(SandboxError) as caught:
        floor.hold(rung, lowest)
    assert "Missing: user namespaces: Operation not permitted." in str(caught.value)


def test_below_the_floor_the_command_ends_with_3_and_costs_nobody_points(ready, monkeypatch):
    """With what is missing, and where to read on."""
    monkeypatch.setattr(floor, "_missing", lambda lowest: "unshare: Operation not permitted")
    monkeypatch.setattr(Host, "rung", property(lambda self: Rung.RLIMITS))
    result = ready.invoke(main, ["ex00", "--official", "--secret-file", "secret", "--json"])
    assert result.exit_code == 3
    assert json.loads(result.stdout)["error"]["code"] == "grader-fault"
    assert "This is not your fault, and nothing was graded." in result.stderr
    assert "Missing: unshare: Operation not permitted. See: grade doctor --rung full" in result.stderr


def test_what_is_missing_is_asked_of_this_machine():
    """In a process of its own; "" for a rung that is there."""
    assert floor._missing(BEST) == ""
    assert floor._missing(Rung.PLAIN) == ""


def test_plain_runs_are_held_by_the_floor_too(weak_host, monkeypatch):
    """What is observed from outside runs the same file."""
    asked = []
    monkeypatch.setattr("threadmarks.judge.grade.require", lambda host, lowest: asked.append((host, lowest)))
    source = Source(file="ex00.py", text=REFERENCE)
    with Host(1, entry=PLAIN_ENTRY) as plain:
        grade_source(
            EXERCISE,
            source,
            host=weak_host,
            witness_host=plain,
            official=True,
            secret=SECRET,
            lowest=Rung.RLIMITS,
        )
    assert asked == [(weak_host, Rung.RLIMITS), (plain, Rung.RLIMITS)]
