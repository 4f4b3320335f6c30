"""Deadlines and attempts: a small file that says all of it, and nothing is late without one."""

from datetime import UTC, datetime, timedelta

import pytest

from threadmarks.batch import late
from threadmarks.batch.late import Lateness
from threadmarks.batch.submission import Submission
from threadmarks.errors import UsageError
from threadmarks.lms.layout import Owner

KNOWN = ("ex02", "ex03")
POLICY = """
time_zone = "Europe/Berlin"
[deadlines]
ex02 = 2026-11-23T23:59:00
[late]
grace_minutes = 15
percent_per_day = 10
most_percent = 25
no_points_after_days = 7
percent_if_only_flagged = 20
[extensions.8]
ex02 = 2026-11-25T23:59:00
"""
DEADLINE = datetime(2026, 11, 23, 23, 59)  # noqa: DTZ001  # in the policy's zone


def policy(text=POLICY):
    """The policy in a text."""
    return late.parse(text, "late.toml", KNOWN)


def submission(key="9", **more):
    """One of a participant's."""
    return Submission(owner=Owner(key=key, name="", ids=(("participant id", key),)), exercise="ex02", **more)


@pytest.mark.parametrize(
    ("after", "percent"),
    [
        (timedelta(0), 0),
        (timedelta(minutes=15), 0),
        (timedelta(minutes=16), 10),
        (timedelta(days=1), 10),
        (timedelta(days=1, seconds=1), 20),
        (timedelta(days=2, seconds=1), 25),
        (timedelta(days=7), 25),
        (timedelta(days=7, seconds=1), 100),
        (timedelta(days=-3), 0),
    ],
)
def test_each_day_begun_costs_up_to_the_most(after, percent):
    """Grace is no free day: once it is over, the first day has begun with the deadline."""
    found = late.lateness(submission(submitted=DEADLINE + after), policy())
    assert found == (Lateness(late=True, seconds=after.total_seconds(), percent=percent) if percent else Lateness())


def test_an_extension_counts_for_its_id_only():
    """By the system's id."""
    at = DEADLINE + timedelta(days=1)
    assert late.lateness(submission("8", submitted=at), policy()) == Lateness()
    assert late.lateness(submission("9", submitted=at), policy()).percent == 10


def test_stamps_with_a_zone_are_compared_in_it():
    """23:59 in Berlin is 22:59 in UTC."""
    assert not late.lateness(submission(submitted=datetime(2026, 11, 23, 23, 10, tzinfo=UTC)), policy()).late
    assert late.lateness(submission(submitted=datetime(2026, 11, 23, 23, 15, tzinfo=UTC)), policy()).late


def test_where_only_the_system_says_late_the_flags_share_is_taken():
    """Canvas tells no time. Whoever has an extension has the benefit of the doubt."""
    assert late.lateness(submission(late=True), policy()) == Lateness(late=True, percent=20)
    assert late.lateness(submission("8", late=True), policy()) == Lateness()


def test_without_a_policy_nothing_is_taken():
    """What the system says is shown."""
    assert late.lateness(submission(submitted=DEADLINE + timedelta(days=99)), late.NO_POLICY) == Lateness()
    assert late.lateness(submission(late=True), late.NO_POLICY) == Lateness(late=True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[late]\npercent_a_day = 3", 'Did you mean "percent_per_day"?'),
        ("[deadlines]\nex2 = 2026-11-23T23:59:00Z", 'Did you mean "ex02"?'),
        ("[deadlines]\nex02 = 2026-11-23T23:59:00", "need time_zone"),
        ('time_zone = "Mars/Base"', 'no time zone "Mars/Base"'),
        ("[late]\npercent_per_day = -3", "percent_per_day"),
        ("[late]\nmost_percent = 101", "most_percent"),
        ('attempts = "all"', "attempts"),
        ("[extensions.8]\nex99 = 2026-11-23T23:59:00Z", '[extensions.8] names "ex99"'),
        ("[deadlines", "not TOML"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_a_usage_error(text, words):
    """With the key that is wrong."""
    with pytest.raises(UsageError) as caught:
        policy(text)
    assert words in str(caught.value)


@pytest.mark.parametrize(("attempts", "numbers"), [("last", [2]), ("first", [1]), ("best", [1, 2])])
def test_attempts_count_as_the_policy_says(attempts, numbers):
    """For "best" all are graded first."""
    both = tuple(submission(attempt=f"a{number}", number=number, attempts=2) for number in (1, 2))
    counting = late.counting(both, policy(f'attempts = "{attempts}"'))
    assert [each.number for each in both if each.place in counting] == numbers


def test_lateness_is_told_in_words():
    """For the table."""
    assert Lateness(late=True, seconds=90061).said == "late by 1 d 1 h 2 min"
    assert (Lateness(late=True).said, Lateness().said) == ("late", "")
