"""Where a program can be preempted, and that being preemptible changes nothing else."""

import ast
import importlib.util
import sys

import pytest

from tests.runner.playing import PROGRAMS
from threadmarks.runner import preemption

SYNTAX = (PROGRAMS / "syntax.py").read_text()


def instrumented(source: str) -> str:
    """The source with its points, called P."""
    text = ast.unparse(preemption.instrument(ast.parse(source)))
    return text.replace(preemption.POINT, "P")


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("x.n += 1", "P(x).n += P(1)"),
        ("x.n = x.n + 1", "P(x).n = P(x).n + 1"),
        ("d[k] = v", "P(d)[k] = v"),
        ("del d[k]", "del P(d)[k]"),
        ("f(1)", "P(f)(1)"),
        ("x.f(1)", "P(x).f(1)"),
        ("a in b", "a in P(b)"),
        ("[a for a in b]", "[P(a) for a in b]"),
        ("while True:\n    pass", "while True:\n    P(None)\n    pass"),
        ("def f():\n    global n\n    n += 1", "def f():\n    global n\n    n += P(1)"),
        ("def f():\n    global n\ndef g():\n    return n", "def f():\n    global n\n\ndef g():\n    return P(n)"),
    ],
)
def test_shared_state_has_a_point_before_it_is_touched(source, wanted):
    """A race needs a switch in the window; without a point there is none."""
    assert instrumented(source) == wanted


@pytest.mark.parametrize(
    "source",
    [
        "x = y + 1",
        "x: list[int] = z",
        "def f(a: b.c) -> d.e:\n    pass",
        "class A:\n\n    def f(self):\n        return super().f",
        "match x:\n    case a.b:\n        pass",
    ],
)
def test_what_no_other_thread_can_touch_has_none(source):
    """Local names cost nothing, and syntax is not an expression."""
    assert instrumented(source).replace("P(super())", "super()") == source


def test_an_instrumented_program_computes_the_same(play):
    """The student's program must mean what the student wrote."""
    spec = importlib.util.spec_from_loader("syntax_program", loader=None)
    assert spec is not None
    plain = importlib.util.module_from_spec(spec)
    sys.modules["syntax_program"] = plain
    exec(compile(SYNTAX, "syntax.py", "exec", dont_inherit=True), plain.__dict__)
    wanted = repr(plain.everything())
    trace = play(SYNTAX, "def go(student, probe):\n    return repr(student.everything())\n")
    assert trace.error is None
    assert trace.value == wanted


def test_tracebacks_show_the_students_lines(play):
    """Lines are those of the file, and no frame of the engine is among them."""
    trace = play("def f(x):\n    y = x.a\n    return y[0]\n", "def go(student, probe):\n    student.f(1)\n")
    assert trace.error is not None
    assert [(row.file, row.line, row.function) for row in trace.error.frames] == [
        ("driver", 2, "go"),
        ("student", 2, "f"),
    ]


@pytest.mark.parametrize(
    "expression", ["+".join(["x.a"] * 900), "x" + ".a" * 300, "(" * 60 + "x.a" + ")" * 60], ids=["sum", "chain", "nest"]
)
def test_deep_expressions_are_no_problem(play, expression):
    """Generated tables and long sums are legal programs."""
    source = (
        f"class X:\n    pass\nx = X()\nx.a = x\nX.__add__ = lambda a, b: a\ndef f():\n    return {expression} is x\n"
    )
    assert play(source, "f()").value is True
