"""The standard library runs unmodified under the engine."""

import ast

import pytest

from tests.runner.playing import PROGRAMS
from threadmarks.wire import Outcome, ScheduleTrace

SOURCE = (PROGRAMS / "standard_library.py").read_text()
USES = [
    node.name for node in ast.parse(SOURCE).body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
]


@pytest.mark.parametrize("use", USES)
def test_a_use_of_the_standard_library_runs_unmodified(play, use):
    """A student may build on anything of the standard library; the grader must not be what breaks it."""
    trace = play(SOURCE, f"{use}()", network="socket" in use)
    assert trace.error is None
    assert trace.outcome is Outcome.COMPLETED


@pytest.mark.parametrize("spec", ["random.s1", "pct.d3.k200.s1"])
@pytest.mark.parametrize("use", [use for use in USES if "socket" not in use])
def test_a_use_of_the_standard_library_survives_other_schedules(play, use, spec):
    """What is right in one order of threads is right in any."""
    trace = play(SOURCE, f"{use}()", spec)
    assert trace.error is None
    assert trace.outcome is Outcome.COMPLETED


def test_classes_that_are_written_alike_stay_their_own(play_all):
    """The text of their methods is compiled once a process; names, defaults and later schedules are none of that."""
    source = """
from dataclasses import dataclass, fields

def rows():
    def make(name, default):
        @dataclass(order=True)
        class Row:
            value: int = default
        Row.__qualname__ = name
        return Row
    first, second = make("First", 1), make("Second", 2)
    return [repr(first()), repr(second()), first() == second(), first(1) < first(2), [each.name for each in fields(second)]]
"""
    told = [
        row.value
        for row in play_all(source, "rows()", "block", "random.s1", full=False)
        if isinstance(row, ScheduleTrace)
    ]
    assert told == [["First(value=1)", "Second(value=2)", False, True, ["value"]]] * 2
