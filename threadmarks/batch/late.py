"""The late policy: deadlines, penalties and which attempt counts, from a small TOML file that says all of it.

Looks at the system's time stamps, never at a file's own. A penalty is points of its own, taken from no check. Without a policy file nothing is
late.

    time_zone = "Europe/Berlin"        # of stamps that name none
    attempts = "last"                  # or "first", "best"

    [deadlines]
    ex02 = 2026-11-23T23:59:00

    [late]
    grace_minutes = 15
    percent_per_day = 10               # of the exercise's points, for each day begun
    most_percent = 50
    no_points_after_days = 7
    percent_if_only_flagged = 10       # where the system says "late" and not when

    [extensions.8841]                  # by the system's id
    ex02 = 2026-11-30T23:59:00
"""

import math
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec

from threadmarks import catalog
from threadmarks.batch.submission import Submission
from threadmarks.errors import AuthoringError, UsageError

DAY_S = 86_400
Percent = Annotated[float, msgspec.Meta(ge=0, le=100)]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]


class Late(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[late]`."""

    grace_minutes: NotNegative = 0.0
    percent_per_day: Percent = 0.0
    most_percent: Percent = 100.0
    no_points_after_days: NotNegative | None = None
    percent_if_only_flagged: Percent = 0.0


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    time_zone: str = ""
    attempts: Literal["last", "first", "best"] = "last"
    deadlines: dict[str, datetime] = {}
    late: Late = Late()
    extensions: dict[str, dict[str, datetime]] = {}


NO_POLICY = Policy()


class Lateness(msgspec.Struct, frozen=True):
    """What a policy says of one submission."""

    late: bool = False
    seconds: float | None = None  # after the deadline; None where only the system's word is known
    percent: float = 0.0  # of the exercise's points

    @property
    def said(self) -> str:
        """For a table: "", "late" or by how much."""
        if not self.late:
            return ""
        return "late" if self.seconds is None else f"late by {_span(self.seconds)}"


def parse(text: str, where: str, known: tuple[str, ...]) -> Policy:
    """The policy. Raises UsageError with the key that is wrong; `known` are the exercises."""
    try:
        policy = catalog.parse_toml(text, Policy, where)
    except AuthoringError as problem:
        raise UsageError(str(problem)) from None
    for table, named in (
        ("deadlines", policy.deadlines),
        *((f"extensions.{id_}", each) for id_, each in policy.extensions.items()),
    ):
        for id_ in named:
            if id_ not in known:
                raise UsageError(f'{where}: [{table}] names "{id_}".{catalog.did_you_mean(id_, known)}')
    stamps = [*policy.deadlines.values(), *(stamp for each in policy.extensions.values() for stamp in each.values())]
    if not policy.time_zone and any(stamp.tzinfo is None for stamp in stamps):
        raise UsageError(f'{where}: deadlines without an offset need time_zone = "Europe/Berlin", or where you are')
    if policy.time_zone:
        _zone(policy.time_zone, where)
    return policy


def _zone(name: str, where: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise UsageError(f'{where}: there is no time zone "{name}"') from None


def lateness(submission: Submission, policy: Policy) -> Lateness:
    """How late a submission is, and what that takes."""
    deadline = _deadline(submission, policy)
    if deadline is None or submission.submitted is None:
        if not submission.late or _excused(submission, policy):
            return Lateness()
        return Lateness(late=True, percent=policy.late.percent_if_only_flagged)
    after = (aware(submission.submitted, policy) - aware(deadline, policy)).total_seconds()
    if after <= policy.late.grace_minutes * 60:
        return Lateness()
    limit = policy.late.no_points_after_days
    if limit is not None and after > limit * DAY_S:
        return Lateness(late=True, seconds=after, percent=100.0)
    percent = min(math.ceil(after / DAY_S) * policy.late.percent_per_day, policy.late.most_percent)
    return Lateness(late=True, seconds=after, percent=percent)


def _deadline(submission: Submission, policy: Policy) -> datetime | None:
    own = _extension(submission, policy)
    return own if own is not None else policy.deadlines.get(submission.exercise)


def _extension(submission: Submission, policy: Policy) -> datetime | None:
    """The latest of those that an id of the owner's, or of a member's, has."""
    owner = submission.owner
    ids = {owner.key, *(value for _, value in owner.ids), *(value for member in owner.members for _, value in member)}
    found = [
        policy.extensions[id_][submission.exercise]
        for id_ in ids
        if submission.exercise in policy.extensions.get(id_, {})
    ]
    return max(found, key=lambda stamp: aware(stamp, policy), default=None)


def _excused(submission: Submission, policy: Policy) -> bool:
    """Whether an extension stands against the system's mere word: nobody knows when it was, and the doubt is the student's."""
    return _extension(submission, policy) is not None


def aware(stamp: datetime, policy: Policy) -> datetime:
    """The stamp with a time zone: its own, the policy's, or UTC."""
    if stamp.tzinfo is not None:
        return stamp
    return stamp.replace(tzinfo=ZoneInfo(policy.time_zone or "UTC"))


def counting(submissions: tuple[Submission, ...], policy: Policy) -> frozenset[tuple[str, str, str]]:
    """The places of the submissions that count by `attempts`; all of them for "best", which needs their scores.

    An attempt without a file that can be graded counts where the policy says so: it was handed in.
    """
    kept: dict[tuple[str, str], Submission] = {}
    for each in sorted(submissions, key=lambda submission: submission.place):
        if policy.attempts == "first":
            kept.setdefault(each.place[:2], each)
        else:
            kept[each.place[:2]] = each
    if policy.attempts == "best":
        return frozenset(each.place for each in submissions)
    return frozenset(each.place for each in kept.values())


def _span(seconds: float) -> str:
    minutes = math.ceil(seconds / 60)
    days, rest = divmod(minutes, 24 * 60)
    hours, left = divmod(rest, 60)
    told = ((days, "d"), (hours, "h"), (left, "min"))
    return " ".join(f"{number} {unit}" for number, unit in told if number)
