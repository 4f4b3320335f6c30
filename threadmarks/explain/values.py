"""Show two values beside each other so that a learner sees where they differ.

Cutting each value to a fixed length can show two different values as the same text, which sends a student looking for a
mistake that is not there. Here a long pair is cut around its *first difference*, and unequal values never look equal
(`tests/front/test_values.py` holds that as a property). Works on text only: what the text stands for was decided by the check.
"""

from dataclasses import dataclass

from threadmarks.explain.safe import one_line

LIMIT = 300
"""The longest value, in characters, that is shown whole."""
CONTEXT = 40
"""How many equal characters are shown before the first difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """`seen` and `wanted` as they are to be shown, each on one line. `remark` says what was left out; often ""."""

    seen: str
    wanted: str
    remark: str = ""


def pair(seen: str, wanted: str) -> Pair:
    """Both values, whole if they are short, else from shortly before their first difference."""
    if not seen or not wanted:
        return Pair(seen=alone(seen), wanted=alone(wanted))
    safe_seen, safe_wanted = one_line(seen), one_line(wanted)
    if safe_seen == safe_wanted and seen != wanted:  # they differ only in characters that look the same when escaped
        safe_seen, safe_wanted = ascii(seen), ascii(wanted)
    if len(safe_seen) <= LIMIT and len(safe_wanted) <= LIMIT:
        return Pair(seen=safe_seen, wanted=safe_wanted)
    start = max(0, _first_difference(safe_seen, safe_wanted) - CONTEXT)
    remark = f"the first {start} characters are equal and not shown" if start else ""
    return Pair(seen=_window(safe_seen, start), wanted=_window(safe_wanted, start), remark=remark)


def alone(value: str) -> str:
    """A value that has nothing beside it, cut at its end if it is long."""
    return _window(one_line(value), 0)


def _first_difference(a: str, b: str) -> int:
    for index, (one, other) in enumerate(zip(a, b, strict=False)):
        if one != other:
            return index
    return min(len(a), len(b))


def _window(text: str, start: int) -> str:
    shown = text[start : start + LIMIT]
    before = "..." if start else ""
    left = len(text) - start - len(shown)
    after = f"... ({left} more characters)" if left else ""
    return f"{before}{shown}{after}"
