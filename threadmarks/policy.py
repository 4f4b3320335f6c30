"""What an exercise lets a submission import and do: the `[policy]` of its `exercise.toml`, and the words that tell it.

Parsed and checked here, found in a source by `runner/source_policy.py`, told to the student by the paragraph that `told`
gives: an exercise's statement holds it word for word, so that nobody loses points to a rule that is told nowhere.
"""

import sys
from typing import Annotated, Literal

import msgspec

Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")]


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a submission may use. A hit caps the exercise at half its points; the statement says so."""

    allowed_imports: tuple[
        Name, ...
    ] = ()  # standard modules; "a" allows "a.b". Empty: every module that is not forbidden
    forbidden_imports: tuple[Name, ...] = ()  # what would do the exercise's work
    reflection: Literal["forbidden", "allowed"] = "forbidden"  # the constructs of runner/constructs.py
    may_replace: tuple[Name, ...] = ()  # imported names that the exercise is about replacing, e.g. "threading.Thread"

    def __post_init__(self) -> None:
        """Refuse what can have no effect. Raises ValueError; msgspec tells it with the place."""
        for name in self.allowed_imports:
            if name.partition(".")[0] not in sys.stdlib_module_names:
                raise ValueError(f"policy.allowed_imports: {name} is no module of the standard library")
            for forbidden in self.forbidden_imports:
                if name == forbidden or name.startswith(forbidden + "."):
                    raise ValueError(f"policy: {name} is both allowed and forbidden")
        if self.may_replace and self.reflection == "allowed":
            raise ValueError('policy.may_replace: with reflection = "allowed" everything may be replaced')


def told(policy: Policy) -> str:
    """The paragraph for the exercise's statement, as one line; "" when nothing is forbidden."""
    parts = []
    if policy.allowed_imports:
        parts.append(
            f"You may import `threadmarks.prelude` and these modules of the standard library: {_listed(policy.allowed_imports)}."
        )
    if policy.forbidden_imports:
        parts.append(f"Do not import {_listed(policy.forbidden_imports)}: that would be the exercise, ready made.")
    if policy.reflection == "forbidden":
        parts.append(
            "Solve the exercise by writing your part of it: the file may neither look into nor change the machinery it runs "
            "on (stack frames, trace functions, the insides of functions and modules, attributes by names that are computed, "
            "code made from text, other processes)."
        )
    if policy.may_replace:
        parts.append(
            f"Replacing and putting back parts of {_listed(policy.may_replace)} is part of this exercise, and fine."
        )
    if parts:
        parts.append("A file that does it all the same is told the line, and gets at most half of the points.")
    return " ".join(parts)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
