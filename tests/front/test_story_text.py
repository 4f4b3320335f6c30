"""Stories in text and JSON: each source line once, nothing told twice, nothing of a student's obeyed."""

from dataclasses import replace

from samples import CIRCLE, IN_A_CIRCLE, LOST_UPDATE, failed, report

from threadmarks.explain import story as stories
from threadmarks.model import Place, Story, StoryKind, StoryStep, Verdict
from threadmarks.report import json
from threadmarks.report.text import TextOptions, render


def test_a_source_line_is_shown_once():
    """Four steps at one line are one line to look at."""
    assert [source for _, source in stories.steps(LOST_UPDATE)] == ["", "", "", ""]
    assert [source for _, source in stories.steps(IN_A_CIRCLE)] == ["with a:", "with b:", "with b:", "with a:"]


def test_waits_that_the_story_tells_are_not_told_again():
    """The circle is in the story; who waits beside it is not."""
    assert [edge.thread for edge in stories.left_to_tell(CIRCLE.waits, IN_A_CIRCLE)] == ["main"]
    assert stories.left_to_tell(CIRCLE.waits, None) == CIRCLE.waits


def test_the_object_of_a_report_holds_the_story_with_lines_and_source():
    """What programs read after `--json`."""
    told = json.as_object(report(failed("count", verdict=Verdict.RACE, story=LOST_UPDATE)))["checks"][0]["story"]
    assert told["kind"] == "lost-update"
    assert told["sentence"] == LOST_UPDATE.sentence
    assert told["parties"][0] == {
        "actor": "worker-0 (T1)",
        "text": "self.panics",
        "line": 45,
        "source": "            self.panics += 1",
    }
    assert len(told["steps"]) == 4
    assert json.as_object(report(failed("count")))["checks"][0]["story"] is None


def test_a_hostile_name_steers_no_terminal():
    """Names of threads, attributes and source lines are the student's."""
    evil = "\x1b[31m\u202e"
    step = StoryStep(actor=evil, text=f"reads {evil}", place=Place(file="x.py", line=1, text=evil))
    story = Story(kind=StoryKind.STALE_CHECK, parties=(step,), steps=(step, replace(step, place=None)), sentence=evil)
    text = render(report(failed("count", story=story)), TextOptions())
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\\x1b[31m" in text
