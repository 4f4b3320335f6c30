"""Tokens are short, say what they replay, and are refused clearly when they are not whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadmarks.errors import UsageError
from threadmarks.judge.tokens import Token, file_mark, parse

SPECS = [
    "block",
    "random.s17",
    "pct.d3.k412.s17",
    "pos.s17",
    "sync.s17",
    "gil.random.p30.s17",
    "replay.",
    "replay.0-1-2_1-a:0",
]


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize(("file", "python"), [("", ""), ("0123abcd", ""), ("0123abcd", "3.11")])
def test_a_token_reads_back_as_it_was_written(spec: str, file: str, python: str) -> None:
    """Encode and decode are one another's inverse."""
    token = Token(exercise="ex02", scenario="two_hundred_jobs", spec=spec, file=file, python=python)
    assert parse(str(token)) == token


def test_white_space_around_a_token_does_not_matter() -> None:
    """It is copied from a terminal."""
    assert parse("  tm2.ex02.jobs.block\n").scenario == "jobs"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not a replay token"),
        ("ex02", "is not a replay token"),
        ("tm1.ex02.jobs.block", "of version tm1; this kit reads tm2"),
        ("tm2.ex02.jobs", "is incomplete"),
        ("tm2.02.jobs.block", "is incomplete"),
        ("tm2.ex02.jobs.block@12", "is incomplete"),
        ("tm2.ex02.jobs.blok", "schedule 'blok'"),
        ("tm2.ex02.jobs.random.s", "schedule 'random.s'"),
        ("tm2.ex02.jobs.block@0123abcd-3", "is incomplete"),
        ("tm2.ex02.jobs.gil.block", "schedule 'gil.block'"),
        ("tm2.ex02.jobs.replay.1-2_a-0", "schedule 'replay.1-2_a-0'"),
        ("tm2.ex02.jobs.tree.0-1-2", "schedule 'tree.0-1-2'"),
        ("tm2.ex02.jobs.pct.d3.s1", "schedule 'pct.d3.s1'"),
        ("tm2.ex02.jobs.replay.1-2;rm", "schedule 'replay.1-2;rm'"),
    ],
)
def test_what_is_no_token_is_refused_with_the_reason(text: str, words: str) -> None:
    """Each refusal says what to do."""
    with pytest.raises(UsageError, match=words):
        parse(text)


@given(st.text())
def test_any_text_is_a_token_or_a_usage_error(text: str) -> None:
    """Nothing else comes of it."""
    try:
        token = parse(text)
    except UsageError:
        return
    assert parse(str(token)) == token


def test_the_mark_of_a_file_changes_with_it() -> None:
    """Also for a text that UTF-8 cannot carry."""
    assert file_mark("a") != file_mark("b")
    assert len(file_mark("\ud800")) == 8
