"""The standard library runs unmodified under the engine."""

import ast

import pytest

from tests.runner.playing import PROGRAMS
from threadmarks.wire import Outcome

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
