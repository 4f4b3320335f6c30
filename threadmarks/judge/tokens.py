"""Replay tokens: one short word that names a run, so that a student can see it again.

`tm1.<exercise id>.<scenario>.<schedule>@<file>`: version 1, then what to run under which schedule, then the first digits of
a hash of the file that was graded (so that a replay on a changed file can say so). The part from `@` on may be missing.
"""

import hashlib
import re
from dataclasses import dataclass

from threadmarks.errors import UsageError

PREFIX = "tm1"
_SHAPE = re.compile(r"(?P<exercise>ex\w+)\.(?P<scenario>[A-Za-z]\w*)\.(?P<spec>[^@]+)(?:@(?P<file>[0-9a-f]{8}))?")
_SPEC = re.compile(
    r"block|random(?:\.p[0-9]{1,2})?\.s\d{1,9}|pct\.d\d{1,3}\.k\d{1,9}\.s\d{1,9}|replay\.[0-9a-z_-]{0,20000}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A decoded token."""

    exercise: str
    scenario: str
    spec: str  # the schedule, as `wire.ScheduleSpec` has it
    file: str = ""  # first digits of the graded file's hash; "" when the token does not say

    def __str__(self) -> str:
        return f"{PREFIX}.{self.exercise}.{self.scenario}.{self.spec}" + (f"@{self.file}" if self.file else "")


def file_mark(text: str) -> str:
    """The digits that stand for a source text in a token."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def parse(text: str) -> Token:
    """The token in `text`. Raises UsageError."""
    version, _, rest = text.strip().partition(".")
    if not rest or not re.fullmatch(r"tm\d+", version):
        raise UsageError(f"{text!r} is not a replay token. One looks like {PREFIX}.ex02.two_hundred_jobs.block")
    if version != PREFIX:
        raise UsageError(
            f"The token is of version {version}; this kit reads {PREFIX}. Grade the file again for a new one."
        )
    found = _SHAPE.fullmatch(rest)
    if not found:
        raise UsageError(f"The token {text!r} is incomplete. Copy the whole line of the report and try again.")
    if not _SPEC.fullmatch(found["spec"]):
        raise UsageError(f"The token's schedule {found['spec']!r} is not one that this kit knows. Was it copied whole?")
    return Token(exercise=found["exercise"], scenario=found["scenario"], spec=found["spec"], file=found["file"] or "")
