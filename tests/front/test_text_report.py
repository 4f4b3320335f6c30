"""The report as text."""

import re
from dataclasses import replace

import pytest
from samples import CIRCLE, NOT_IMPLEMENTED, PARALLEL, SAMPLES, TIMELINE, TOKEN, failed, passed, report

from threadmarks.commands.check import exit_code
from threadmarks.commands.exits import ExitCode
from threadmarks.model import Finding, Place, Verdict
from threadmarks.report import html, markdown
from threadmarks.report.layout import Role
from threadmarks.report.text import TextOptions, render, score_line

OPTIONS = TextOptions(title="Pre-created workers", next_step="grade hint ex02")


@pytest.mark.parametrize("name", SAMPLES)
def test_golden_text(name, golden):
    """Diffs of the whole report are read, not only its parts."""
    golden(f"{name}.txt", render(SAMPLES[name], OPTIONS))


@pytest.mark.parametrize("name", ["failed", "deadlock", "tasks-and-locks"])
def test_golden_text_in_sentences(name, golden):
    """The form for a screen reader carries the same facts without a picture."""
    golden(f"{name}.plain.txt", render(SAMPLES[name], replace(OPTIONS, picture=False)))


def test_golden_text_of_a_replay(golden):
    """The schedule itself is told as well."""
    golden("replay.txt", render(SAMPLES["tasks-and-locks"], replace(OPTIONS, replayed=TOKEN)))


def test_golden_text_on_a_narrow_terminal(golden):
    """60 columns hold a picture; every line keeps to them."""
    golden("narrow.txt", render(SAMPLES["tasks-and-locks"], replace(OPTIONS, width=60)))


@pytest.mark.parametrize("name", SAMPLES)
def test_no_line_is_longer_than_80_columns(name):
    """Except commands to copy and the student's own source, which are never wrapped."""
    for line in render(SAMPLES[name], OPTIONS).splitlines():
        assert len(line) <= 80 or "grade replay" in line or line.lstrip().startswith("|")


@pytest.mark.parametrize("name", SAMPLES)
def test_paint_changes_no_word(name):
    """Colour is laid over the same text: whoever cannot see it misses nothing."""
    painted = render(SAMPLES[name], replace(OPTIONS, paint=lambda text, role: f"\x1b[{role.value}m{text}\x1b[0m"))
    assert re.sub(r"\x1b\[\d+m", "", painted) == render(SAMPLES[name], OPTIONS)


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict is not Verdict.PASSED])
def test_every_verdict_is_a_word(verdict):
    """No meaning in colour alone."""
    text = render(report(failed("close", PARALLEL, verdict=verdict)), OPTIONS)
    assert text.count(verdict.value.upper()) >= 2


def test_a_stub_gets_a_short_answer():
    """Eleven checks that fail for one reason are one story."""
    text = render(SAMPLES["stub"], OPTIONS)
    assert text.count(NOT_IMPLEMENTED.message) == 1
    assert "Checks 1 to 11: FAILED (0 of 22 points)" in text
    assert len(text.splitlines()) < 35


def test_a_finding_told_before_is_referred_to():
    """Also when the checks around it differ."""
    other = replace(PARALLEL, code="other", message="Something else.", means="")
    text = render(report(failed("a", PARALLEL), failed("b", PARALLEL, other)), OPTIONS)
    assert text.count(PARALLEL.means[:20]) == 1
    assert "As above, under check 1." in " ".join(text.split())


def test_the_same_timeline_is_drawn_once():
    """Two checks on one run share its picture."""
    text = render(SAMPLES["failed"], OPTIONS)
    assert text.count("R running") == 1
    assert "Threads over virtual time: as above, under check 2." in text


def test_the_replay_command_can_be_copied():
    """Whole on one line, quoted, and beginning with what the reader types."""
    text = render(
        report(failed("a", PARALLEL, token=TOKEN), file="my work/ex02.py"), replace(OPTIONS, program="python cli.py")
    )
    assert f"    python cli.py replay {TOKEN} 'my work/ex02.py'\n" in text


def test_a_fault_of_the_grader_says_whose_it_is():
    """And what it costs: nothing."""
    text = " ".join(render(SAMPLES["fault"], OPTIONS).split())
    assert "This is not your fault and costs no points." in text
    assert "KeyError: 'jobs'" in text
    assert "  -/2  " in render(SAMPLES["fault"], OPTIONS)


def test_what_schedules_do_not_prove_is_said():
    """A pass on sixty orders is evidence."""
    text = " ".join(render(SAMPLES["passed"], OPTIONS).split())
    assert (
        "1 check tried your program under many orders of its threads: 60 schedules, 3 strategies (run to block, "
        in text
    )
    assert "No failure found is not a proof" in text


def test_a_note_costs_nothing_and_says_so():
    """A passed check may carry one."""
    text = render(SAMPLES["passed"], OPTIONS)
    assert "Check 3 passed, with a note" in text
    assert "Note, costs no points: An idle worker wakes four times a second. [polling]" in text


def test_the_wait_for_graph_is_told_in_words():
    """Who waits for what, held up by whom, where; and the circle."""
    text = " ".join(render(report(failed("close", CIRCLE, verdict=Verdict.DEADLOCK)), OPTIONS).split())
    assert "A waits for Lock, held up by B (ex02.py:3: with b:)" in text
    assert "main waits for Thread.join, held up by A (in the check's own code)" in text
    assert "They wait in a circle: A -> B -> A. None of them can go on." in text


def test_a_file_that_does_not_load_is_told_once():
    """Its checks have nothing to add."""
    text = render(SAMPLES["not-loaded"], OPTIONS)
    assert text.count("syntax-error") == 1
    assert "Check 1," not in text


def test_text_of_the_student_cannot_steer_the_terminal():
    """Escape sequences and bidirectional controls are shown, not obeyed."""
    nasty = "\x1b[2J\u202e\r\x07"
    finding = Finding(
        code="exception", message=f"ValueError: {nasty}", seen=nasty, wanted="a", means=nasty, measured=nasty,
        place=Place(file=f"{nasty}.py", line=1, text=nasty),
    )  # fmt: skip
    text = render(report(failed("a", finding), file=f"{nasty}ex02.py"), replace(OPTIONS, title=nasty))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]", text)
    assert "\\x1b[2J\\u202e" in text


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("passed", "Passed: 8 of 8 points."),
        ("failed", "Not passed: 3 of 8 points. 2 of 3 checks failed."),
        ("fault", "Incomplete: 3 of 3 points."),
        ("policy", "Not passed: 5 of 10 points."),
    ],
)
def test_score_line(name, line):
    """The first thing a student reads."""
    assert score_line(SAMPLES[name]) == line


SMALL_PRINT = "Not passed: 2 of 2 points, but 1 check that gives no points failed. Every check has to pass."


def test_a_failed_check_without_points_is_told_as_that():
    """Full points and not passed: without the reason it reads like a mistake of the grader's."""
    small = report(passed("a"), failed("small_print", PARALLEL, points=0))
    assert score_line(small) == SMALL_PRINT
    text = render(small, OPTIONS)
    assert "small_print: FAILED (gives no points)" in text
    assert "0 of 0" not in text
    assert SMALL_PRINT in markdown.render(small)
    page = html.render(small, html.HtmlOptions())
    assert SMALL_PRINT in page
    assert "small_print: FAILED (gives no points)" in page
    assert exit_code(small) == ExitCode.NOT_PASSED


def test_several_checks_without_points():
    """The plural; and where points were lost as well, how many checks failed says enough."""
    two = [failed(name, PARALLEL, points=0) for name in "bc"]
    assert score_line(report(passed("a"), *two)) == (
        "Not passed: 2 of 2 points, but 2 checks that give no points failed. Every check has to pass."
    )
    assert score_line(report(failed("a"), *two)) == "Not passed: 0 of 2 points. 3 of 3 checks failed."


def test_nothing_graded_is_not_a_zero():
    """When every check was the grader's fault there is no score to show."""
    assert score_line(report(failed("a", verdict=Verdict.GRADER_FAULT))) == "Not graded: the grader failed."


def test_roles_cover_every_paint():
    """A new role needs a style in the console."""
    from threadmarks.commands.console import STYLES

    assert set(STYLES) == set(Role)


def test_a_run_without_virtual_time_is_not_drawn():
    """Everything happened in one instant: a picture would have no width, and says nothing."""
    frozen = replace(TIMELINE, end_s=0.0)
    assert "Threads over virtual time" not in render(report(failed("a", PARALLEL, timeline=frozen)), OPTIONS)


def test_a_replay_tells_every_check():
    """Whoever asks for a run again wants to see it, passed or not, drawn or in sentences."""
    frozen = replace(TIMELINE, end_s=0.0)
    text = render(
        report(passed("b", timeline=TIMELINE, token=TOKEN), failed("a", PARALLEL, timeline=frozen, token=TOKEN)),
        replace(OPTIONS, replayed=TOKEN),
    )
    assert f"Replay of {TOKEN}\n" in text
    assert "Check 1, b: PASSED (2 of 2 points)" in text
    assert "R running" in text
    assert "main (T0): " in text
    assert "See this run again" not in text
