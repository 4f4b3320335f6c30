"""A finding without a line points at the definition its check is about."""

import pytest

from threadmarks.judge.definitions import line_of

TEXT = """import x  # \x0c \u2028 end lines for `str.splitlines`, and not for Python

def spawn(f):
    return 1

class Handle:
    join: int = 3

    def is_finished(self):
        pass

class ThreadPool(
    Base,
):
    def __init__(self):
        self.panics = 0

    async def execute(self):
        pass

sleep = lambda s: s
"""


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("spawn", 3),
        ("Handle", 6),
        ("Handle.join", 7),
        ("Handle.is_finished", 9),
        ("Handle.execute", 6),
        ("ThreadPool.execute", 18),
        ("ThreadPool.panics", 16),
        ("sleep", 21),
        ("missing", 0),
        ("Missing.join", 0),
    ],
)
def test_the_line_of_a_definition(name, line):
    """Methods count in their own class only; what a class lacks points at the class."""
    assert line_of(TEXT, name) == line
