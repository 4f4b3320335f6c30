"""Which races an exercise takes points for: the `[races]` of its `exercise.toml`, and the sentence that tells it.

Some races this Python can show, if seldom; others only one without a global lock. Both are taught. The statement holds the
sentence that `told` gives word for word, so that nobody loses points to a rule that is told nowhere.
"""

from typing import Literal

import msgspec


class Races(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What costs points."""

    costs: Literal["both", "interpreter"] = "both"  # "interpreter": only what this Python itself can show


def told(races: Races) -> str:
    """The sentence for the exercise's statement, as one line."""
    if races.costs == "both":
        return (
            "A race costs points also where today's Python happens not to show it: no order is promised but the one that a "
            "lock, a queue or a join gives."
        )
    return (
        "A race costs points where this Python can show it; one that only a free-threaded Python shows is told in a note, and "
        "costs nothing."
    )
