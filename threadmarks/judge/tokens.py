"""Replay tokens: one short word that names a run, so that a student can see it again.

`tm2.<exercise id>.<scenario>.<schedule>@<file>-<python>`: version 2, then what to run under which schedule, then the first digits
of a hash of the file that was graded (and of what it was built upon) and the Python that graded it, so that a replay of another file
or on another Python can say that the schedule may do something else there. The part from `@` on may be missing, and so may the
Python. `+ref` after the digits: the file was graded upon reference solutions, and not upon the student's own.
"""

import hashlib
import re
from dataclasses import dataclass

from threadmarks.errors import UsageError
from threadmarks.wire import CHOICE

PREFIX = "tm2"
CHOICES_LIMIT = 4_000
"""How many choices a token may list: more than any run of an exercise makes, less than a terminal's line takes."""
_SHAPE = re.compile(
    r"(?P<exercise>ex\w+)\.(?P<scenario>[A-Za-z]\w*)\.(?P<spec>[^@]+)"
    r"(?:@(?P<file>[0-9a-f]{8})(?P<upon>\+ref)?(?:-(?P<python>[0-9]\.[0-9]{1,2}))?)?"
)
_DRAWN = r"random(?:\.p[0-9]{1,2})?\.s[0-9]{1,9}|pct\.d[0-9]{1,3}\.k[0-9]{1,9}\.s[0-9]{1,9}|(?:pos|sync)\.s[0-9]{1,9}"
_SPEC = re.compile(rf"block|(?:gil\.)?(?:{_DRAWN})|(?:replay|follow)\.(?:{CHOICE}(?:_{CHOICE}){{0,{CHOICES_LIMIT}}})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A decoded token."""

    exercise: str
    scenario: str
    spec: str  # the schedule, as `wire.ScheduleSpec` has it
    file: str = ""  # first digits of the graded file's hash; "" when the token does not say
    python: str = ""  # "3.11": the minor version that graded it; "" when the token does not say. Only with `file`
    upon_references: bool = False  # what the file builds on were the reference solutions. Only with `file`

    def __str__(self) -> str:
        upon = "+ref" if self.upon_references else ""
        graded = f"@{self.file}{upon}" + (f"-{self.python}" if self.python else "") if self.file else ""
        return f"{PREFIX}.{self.exercise}.{self.scenario}.{self.spec}{graded}"


def file_mark(text: str, *built_upon: str) -> str:
    """The digits that stand in a token for a source text, and for the texts that it is built upon."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass"))
    for each in built_upon:
        digest.update(b"\0" + each.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:8]


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
    return Token(
        exercise=found["exercise"],
        scenario=found["scenario"],
        spec=found["spec"],
        file=found["file"] or "",
        python=found["python"] or "",
        upon_references=bool(found["upon"]),
    )
