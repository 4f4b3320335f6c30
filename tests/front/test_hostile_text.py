"""What a student may choose freely (names of files and threads, messages) neither moves a terminal nor keeps it busy."""

import itertools
import json
import os
import subprocess
from dataclasses import replace

import msgspec
import pytest
from samples import SAMPLES

from threadmarks.explain.waits import SENTENCES_SHOWN, sentences
from threadmarks.model import Finding, Place, Report, WaitEdge
from threadmarks.report import json as json_report
from threadmarks.report import text
from threadmarks.report.details import replay_command

FAILED = SAMPLES["failed"]
NAME = os.fsdecode(b"e\x1b[2Jx\n0'2\xff\xe2\x80\xae.py")


def renamed(report: Report) -> Report:
    """The report on a file of the hostile name, whose places and messages name it too."""
    place = Place(file=NAME, line=1, text="\x1b[31mred")
    edge = WaitEdge(thread="a\x1b[0m (T1)", what="\u202eLock", held_by="b\n(T2)", place=place)
    finding = Finding(code="seen", message=f"About {NAME}.", place=place, waits=(edge,))
    checks = tuple(replace(check, findings=(finding, *check.findings)) for check in report.checks)
    return replace(report, file=NAME, checks=checks)


@pytest.mark.parametrize("replayed", ["", "tm2.ex02.s.block"])
def test_no_character_reaches_a_terminal_raw(replayed: str) -> None:
    """Neither from the name of a file nor from anything else of the student's."""
    told = text.render(renamed(FAILED), text.TextOptions(replayed=replayed))
    assert all(line.isprintable() for line in told.split("\n"))
    assert "\\x1b[2J" in told


def test_a_message_cannot_begin_a_line_of_its_own() -> None:
    """Or a file's name could hold a verdict."""
    check = replace(FAILED.checks[-1], findings=(Finding(code="seen", message="One.\nPassed: 20 of 20 points."),))
    told = text.render(replace(FAILED, checks=(check,)), text.TextOptions())
    assert "\nPassed" not in told
    assert "One.\\nPassed" in told


def test_the_replay_command_names_the_very_file() -> None:
    """A shell reads the escapes as the bytes that they stand for."""
    command = replay_command("printf '%s|'", "tm2.ex02.s.block", NAME)
    assert command.isprintable()
    done = subprocess.run(["bash", "-c", command], check=True, capture_output=True)
    assert done.stdout == b"replay|tm2.ex02.s.block|" + os.fsencode(NAME) + b"|"


def test_a_name_that_can_be_read_is_quoted_as_ever() -> None:
    """The common case stays plain."""
    assert replay_command("grade", "t", "größe 1.py") == "grade replay t 'größe 1.py'"


def test_json_takes_names_that_are_no_unicode() -> None:
    """A strict parser refuses half of a surrogate pair."""
    told = json_report.render(renamed(FAILED))
    assert msgspec.json.decode(told) == json.loads(told)
    assert json.loads(told)["file"] == "e\x1b[2Jx\n0'2\\udcff\u202e.py"


def edges(count: int, *, closed: bool) -> tuple[WaitEdge, ...]:
    """Threads of which each waits for the next."""
    names = [f"t{number}" for number in range(count)]
    rows = tuple(WaitEdge(thread=a, what="Lock", held_by=b, place=None) for a, b in itertools.pairwise(names))
    return (*rows, WaitEdge(thread=names[-1], what="Lock", held_by=names[1] if closed else "", place=None))


def test_a_chain_of_thousands_is_told_in_short() -> None:
    """Looking for a circle from every thread anew took minutes."""
    told = sentences(edges(100_000, closed=False))
    assert told[SENTENCES_SHOWN:] == ["and 99960 more threads, not shown"]


def test_a_circle_behind_a_chain_is_found() -> None:
    """Whoever waits for it from outside is not in it."""
    assert sentences(edges(4, closed=True))[-1] == (
        "They wait in a circle: t1 -> t2 -> t3 -> t1. None of them can go on."
    )


def test_a_long_file_name_begins_no_line_of_the_report() -> None:
    """The report breaks it where the line is full, and what comes next could be a line that the kit writes."""
    options = text.TextOptions()
    for padding in range(options.width - 20, options.width + 20):
        told = text.render(replace(FAILED, file="x" * padding + "Score:20/20"), options)
        assert "\nScore:" not in told
