"""The declaration on top of a wrong solution: which misconception it shows, and which checks must catch it.

# /// wrong
# misconception = "A thread for every job keeps everyone busy"
# must_fail = [{ check = "precreated", finding = "threads-after-construction" }]
# may_fail = ["reuse"]
# verdict = "failed"
# policy = ["import of concurrent.futures"]
# ///
"""

from typing import Annotated

import msgspec

from threadmarks.catalog import NonEmpty, parse_toml
from threadmarks.errors import AuthoringError
from threadmarks.model import Verdict

OPENING = "# /// wrong"
CLOSING = "# ///"


class MustFail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A check that must fail, and the code of the finding that it must fail with."""

    check: NonEmpty
    finding: NonEmpty


class Declaration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a wrong solution declares. Checks in neither list must pass."""

    misconception: NonEmpty
    must_fail: Annotated[tuple[MustFail, ...], msgspec.Meta(min_length=1)]
    may_fail: tuple[NonEmpty, ...] = ()
    verdict: Verdict | None = None  # of the checks that must fail; None: any
    policy: tuple[
        NonEmpty, ...
    ] = ()  # what the source policy must find in it, in the report's words; nothing else may be


def declaration(text: str, where: str) -> Declaration:
    """The declaration in a wrong solution's text. Raises AuthoringError."""
    lines = text.splitlines()
    if not lines or lines[0].rstrip() != OPENING:
        raise AuthoringError(f"{where}: the first line of a wrong solution is {OPENING!r}")
    block: list[str] = []
    for line in lines[1:]:
        if line.rstrip() == CLOSING:
            return parse_toml("\n".join(block), Declaration, where)
        if line != "#" and not line.startswith("# "):
            break
        block.append(line[2:])
    raise AuthoringError(f"{where}: the block opened by {OPENING!r} is not closed by {CLOSING!r}")
