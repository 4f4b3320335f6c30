"""`grade doctor`: which rung, why, and what to do about it."""

import json
import shutil

import pytest

from threadmarks.commands import machine, main
from threadmarks.commands.doctor import as_text
from threadmarks.sandbox import ladder
from threadmarks.sandbox.ladder import Rung, Survey

REFUSED = (
    Survey(rung=Rung.FULL, offered=False, problem="unshare: Operation not permitted"),
    Survey(rung=Rung.NO_USER_NAMESPACE, offered=False, problem="landlock: Function not implemented"),
    Survey(rung=Rung.RLIMITS, offered=True, problem=""),
    Survey(rung=Rung.PLAIN, offered=True, problem=""),
)


@pytest.fixture
def refused(monkeypatch):
    """A machine that offers resource limits only."""
    monkeypatch.setattr(ladder, "survey", lambda: REFUSED)


def test_this_machines_own_answer(cli):
    """Real probes: the rung told is the best that the ladder finds."""
    result = cli.invoke(main, ["doctor", "--json"])
    told = json.loads(result.stdout)
    assert (result.exit_code, result.stderr, told["schema"]) == (0, "", "threadmarks/doctor/1")
    assert told["rung"] == next(seen.rung.value for seen in ladder.survey() if seen.offered)
    assert [row["rung"] for row in told["rungs"]] == [rung.value for rung in Rung]
    assert all(bool(row["problem"]) != row["offered"] for row in told["rungs"])
    assert told["cores"] >= 1
    assert told["free_bytes"] > 0
    assert f'offers the rung "{told["rung"]}"' in cli.invoke(main, ["doctor"]).stdout


def test_each_rung_has_its_answer_the_systems_words_and_advice(cli, refused):
    """For somebody who has never heard of namespaces."""
    text = cli.invoke(main, ["doctor"]).stdout
    assert text.startswith('This machine offers the rung "rlimits": a submission is held by a process with resource')
    assert "  full               not offered: unshare: Operation not permitted\n" in text
    assert "  no-user-namespace  not offered: landlock: Function not implemented\n    Landlock needs Linux 5.13" in text
    assert "  rlimits            offered\n  plain              offered\n" in text
    for heading in ("System", "Addresses", "Space", "Cores"):
        assert f"\n{heading} " in text
    assert max(len(line) for line in text.splitlines()) <= 100


@pytest.mark.parametrize(
    ("words", "code"),
    [([], 0), (["--rung", "plain"], 0), (["--rung", "rlimits"], 0), (["--rung", "full"], 1), (["--rung", "fulll"], 2)],
)
def test_the_exit_code_says_whether_the_rung_is_there(cli, refused, words, code):
    """For the script that sets a machine up."""
    result = cli.invoke(main, ["doctor", *words])
    assert result.exit_code == code
    if code == 1:
        assert 'The rung "full" that was asked for is not there: nothing is graded.' in result.stdout


def test_the_object_says_what_the_text_says(cli, refused):
    """And is one object on stdout."""
    told = json.loads(cli.invoke(main, ["doctor", "--rung", "full", "--json"]).stdout)
    assert (told["rung"], told["asked"], told["ok"]) == ("rlimits", "full", False)
    assert told["rungs"][0]["problem"] == "unshare: Operation not permitted"
    assert told["rungs"][0]["advice"]
    assert told["rungs"][2]["advice"] == []


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        ("darwin: only Linux has it", "Grade on Linux"),
        ("riscv64: the system-call filter has no table for it", "knows x86_64 and aarch64 only"),
        ("landlock_create_ruleset: Function not implemented", "lsm=landlock"),
        ("seccomp: Invalid argument", "CONFIG_SECCOMP_FILTER"),
        ("mount: Permission denied", "If this is a container"),
        ("something new", "No advice is known"),
    ],
)
def test_advice_follows_from_the_systems_words(problem, words):
    """The step that failed is named in them."""
    assert words in " ".join(machine.advice(problem, switches=()))


def test_a_switch_of_the_kernel_that_stands_in_the_way_is_named(tmp_path):
    """With the command that turns it; one that does not stand in the way is not."""
    switches = tuple(
        (str(tmp_path / name), value, f"turn {name}") for name, value in (("a", "0"), ("b", "1"), ("c", "0"))
    )
    (tmp_path / "a").write_text("0\n")
    (tmp_path / "b").write_text("0\n")
    assert machine.advice("unshare: Operation not permitted", switches=switches) == ("turn a",)
    paths = " ".join(path for path, _, _ in machine.SWITCHES)
    repairs = " ".join(repair for _, _, repair in machine.SWITCHES)
    assert "unprivileged_userns_clone" in paths
    assert "sysctl kernel.apparmor_restrict_unprivileged_userns=0" in repairs


def made(**changes):
    """A machine without anything to remark on."""
    facts = {
        "rungs": REFUSED,
        "advice": {},
        "system": "Linux 6.1",
        "architecture": "x86_64",
        "python": "3.11.7",
        "fixed_addresses": True,
        "temporary": "/tmp",  # noqa: S108  # a name to print
        "free_bytes": 1 << 40,
        "cores": 2,
    }
    return machine.Machine(**{**facts, **changes})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"architecture": "aarch64"}, "The system-call tables for aarch64 are untested"),
        ({"fixed_addresses": False}, "Address randomisation stays on here"),
        ({"free_bytes": 10 << 20}, "Little space is left in /tmp"),
    ],
)
def test_what_makes_grading_worse_is_a_note(changes, words):
    """And nothing else is."""
    assert made().remarks == ()
    (remark,) = made(**changes).remarks
    assert words in remark
    text = as_text(made(**changes), asked=None, there=True)
    assert words in " ".join(text.split())


def test_free_space_and_addresses_are_found_by_looking(monkeypatch):
    """Not by believing a setting."""
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(3, 2, 1))
    assert machine.survey_machine(REFUSED).free_bytes == 1
    assert isinstance(machine.addresses_can_be_fixed(), bool)
    monkeypatch.setattr(machine.sys, "platform", "darwin")
    assert machine.addresses_can_be_fixed() is False
