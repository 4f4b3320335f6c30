"""Where a name of the API is defined in a student's file, by a look at its lines.

The judge does not parse a student's source; a line that looks like the definition is good enough to point at.
"""

import re

from threadmarks.sandbox.saferead import lines_of


def line_of(text: str, name: str) -> int:
    """The line of `def f`, `class C`, or of `C.method` within its class; the class's own when that lacks it; else 0."""
    lines = lines_of(text)
    owner, _, method = name.rpartition(".")
    if not owner:
        return _first(lines, rf"(async\s+def|def|class)\s+{re.escape(name)}\b|{re.escape(name)}\s*[:=]", 0)
    start = _first(lines, rf"class\s+{re.escape(owner)}\b", 0)
    if not start:
        return 0
    found = _first(lines, rf"\s+((async\s+)?def\s+{re.escape(method)}\b|(self\.)?{re.escape(method)}\s*[:=])", start)
    end = _first(lines, r"[^\s#)\]}]", start) or len(lines) + 1
    return found if 0 < found < end else start


def _first(lines: tuple[str, ...], pattern: str, after: int) -> int:
    """The number of the first line past number `after` that begins like `pattern`; 0 for none."""
    matcher = re.compile(pattern)
    return next((number for number, line in enumerate(lines[after:], after + 1) if matcher.match(line)), 0)
