"""Codes, values, numbers and timelines in words."""

import ast
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import TIMELINE, span

from threadmarks import content
from threadmarks.explain import codes, timeline
from threadmarks.explain.numbers import counted, points, seconds
from threadmarks.explain.safe import one_line
from threadmarks.explain.values import CONTEXT, LIMIT, pair
from threadmarks.judge.decode import Broken
from threadmarks.model import Lane, Timeline

ENGINE_CODES = [
    "deadlock",
    "stalled",
    "spinning",
    "uncontrolled-call",
    "exception",
    "not-implemented",
    "exited",
    "died",
    "malformed-answer",
    "time-limit",
    "memory-limit",
    "output-limit",
    "unexpected-value",
    "not-reached",
    "syntax-error",
    "import-error",
    "missing-module",
    "missing-api",
    "wrong-signature",
    "unchanged-stub",
    "policy",
    "race",
    "no-file",
    "folder",
    "symlink",
    "not-a-file",
    "empty",
    "too-large",
    "not-utf8",
    "nul-byte",
    "unreadable",
]


@pytest.mark.parametrize("code", ENGINE_CODES)
def test_every_code_of_the_engine_is_explained(code):
    """`grade explain CODE` must not shrug at a code that the engine gives."""
    found = codes.explain(code)
    assert found is not None
    assert found.title
    assert found.text
    assert found.advice


def codes_given_by(*parts: str) -> set[str]:
    """The finding codes that these parts of the kit name: `code="..."`, `_refuse("...", ...)`, and the ways a run breaks."""
    found = {broken.value for broken in Broken}
    for part in parts:
        for path in (content.PACKAGE / part).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    named = [word.value for word in node.keywords if word.arg == "code"]
                    first = node.args[:1] if getattr(node.func, "id", "") == "_refuse" else []
                    found |= {each.value for each in (*named, *first) if isinstance(each, ast.Constant)}
    return found


def test_every_code_that_the_judge_gives_is_explained():
    """A code that is added there is explained here."""
    assert {code for code in codes_given_by("judge", "sandbox") if codes.explain(code) is None} == set()


def test_codes_are_unique_and_kebab_case():
    """They are typed by hand."""
    told = [each.code for each in codes.all_codes()]
    assert len(told) == len(set(told))
    assert all(code == code.lower().strip("-").replace("_", "") for code in told)


def test_a_misspelt_code_has_a_suggestion():
    """Typing is error-prone."""
    assert codes.similar("dedlock") == ["deadlock"]


long_text = st.text(max_size=20).flatmap(lambda part: st.integers(0, 60).map(lambda times: part * times))


@given(st.one_of(st.text(), long_text), st.one_of(st.text(), long_text))
def test_unequal_values_never_look_equal(seen, wanted):
    """Cutting both to the same text sends a student looking for nothing (a grader of renown does)."""
    shown = pair(seen, wanted)
    assert (shown.seen == shown.wanted) == (seen == wanted)


@given(st.text(max_size=900), st.text(min_size=1, max_size=5), st.text(max_size=900))
def test_a_difference_deep_inside_is_in_the_window(start, middle, end):
    """However long the common beginning."""
    shown = pair(start + middle + "a" + end, start + middle + "b" + end)
    assert shown.seen != shown.wanted
    assert len(shown.seen) <= LIMIT + 40


def test_a_skipped_beginning_is_said():
    """Nobody should count characters from the wrong place."""
    shown = pair("x" * 1000 + "1", "x" * 1000 + "2")
    assert shown.remark == f"the first {1000 - CONTEXT} characters are equal and not shown"
    assert shown.seen.endswith("x1")


@given(st.text())
def test_safe_text_has_no_control_characters(text):
    """Whatever a student's program printed."""
    assert one_line(text).isprintable() or one_line(text) == ""


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.5, "0.5"), (2.0, "2"), (1e-6, "0.000001"), (1234.5, "1234.5"), (1e-9, "0")]
)
def test_seconds(value, text):
    """No exponent, no dust."""
    assert seconds(value) == text


@pytest.mark.parametrize(("value", "text"), [(3.0, "3"), (2.5, "2.5"), (0, "0"), (120, "120")])
def test_points(value, text):
    """Points of whole checks are whole."""
    assert points(value) == text


def test_counted():
    """One check, two checks."""
    assert [counted(1, "check"), counted(2, "check"), counted(0, "try", "tries")] == ["1 check", "2 checks", "0 tries"]


def test_the_picture_of_two_threads():
    """Virtual time stands still while a thread runs: the instant must still be seen."""
    assert timeline.picture(TIMELINE, 60) == [
        "               0 s                      2 s",
        "main (T0)     |R.........................R| ended",
        "worker-1 (T1) |zzzzzzR....................| alive at the end",
    ]


@given(st.integers(20, 120), st.floats(0.001, 1e6))
def test_a_picture_keeps_to_its_width(width, end_s):
    """At any scale."""
    scaled = replace(TIMELINE, end_s=end_s)
    assert all(len(row) <= width for row in timeline.picture(scaled, width))


def test_the_listing_says_what_the_picture_shows():
    """For a screen reader."""
    assert timeline.listing(TIMELINE) == [
        "main (T0): at 0 s running; 0 to 2 s waiting for Thread.join (line 5); at 2 s running (line 5); ended.",
        (
            "worker-1 (T1): 0 to 0.5 s sleeping (line 8); at 0.5 s running (line 8); 0.5 to 2 s waiting for Lock (line 9); "
            "alive at the end."
        ),
    ]


def test_the_places_where_time_went():
    """The picture's letters, with the student's lines; threads at one place are told together."""
    twin = replace(TIMELINE.lanes[1], thread="worker-2 (T2)")
    assert timeline.places(replace(TIMELINE, lanes=(*TIMELINE.lanes, twin))) == [
        ". at line 5 for Thread.join: main (T0)",
        "z at line 8: worker-1 (T1), worker-2 (T2)",
        ". at line 9 for Lock: worker-1 (T1), worker-2 (T2)",
    ]


def test_many_lanes_are_counted_not_drawn():
    """Two hundred rows explain nothing."""
    lanes = tuple(Lane(thread=f"T{n}", serial=n, spans=(span(0, 1, "waiting"),), fate="ended") for n in range(200))
    rows = timeline.picture(Timeline(end_s=1.0, lanes=lanes), 80)
    assert len(rows) == timeline.LANES_SHOWN + 2
    assert rows[-1] == f"and {200 - timeline.LANES_SHOWN} more threads, not shown"


def test_long_names_that_end_differently_stay_different():
    """The thread's number stands at the end."""
    lanes = tuple(
        Lane(thread=f"{'worker' * 9}-{n} (T{n})", serial=n, spans=(span(0, 1, "waiting"),), fate="ended")
        for n in range(3)
    )
    rows = timeline.picture(Timeline(end_s=1.0, lanes=lanes), 80)
    assert len({row.split("|")[0] for row in rows[1:]}) == 3
