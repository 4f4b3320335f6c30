"""Where a program can be preempted, and that being preemptible changes nothing else."""

import ast
import importlib.util
import re
import sys

import pytest

from tests.runner.playing import PROGRAMS
from threadmarks import wire
from threadmarks.runner import preemption
from threadmarks.runner.sites import POLLED

SYNTAX = (PROGRAMS / "syntax.py").read_text()


def instrumented(source: str) -> str:
    """The source with its points, called P."""
    tree = ast.parse(source)
    preemption.instrument(tree)
    text = ast.unparse(tree)
    return re.sub(r", \d+\)", ")", text.replace(preemption.POINT, "P"))


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


def polled(source: str) -> str:
    """The source with its points, called T where the interpreter polls before the next point and F where it does not."""
    tree = ast.parse(source)
    preemption.instrument(tree)
    text = re.sub(rf"{preemption.POINT}\(", "P(", ast.unparse(tree))
    while (found := re.search(r"P\(([^P]*?), (\d+)\)", text)) is not None:
        mark = "T" if int(found[2]) & POLLED else "F"
        text = f"{text[: found.start()]}{mark}({found[1]}){text[found.end() :]}"
    return text


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("x.n += 1", "F(x).n += F(1)"),
        ("x.n += f()", "F(x).n += F(T(f)())"),
        ("v = x.n\nx.n = v + 1", "v = F(x).n\nF(x).n = v + 1"),
        ("v = x.n\nf()\nx.n = v", "v = F(x).n\nT(f)()\nF(x).n = v"),
        ("f(x.n)", "F(f)(T(x).n)"),
        ("x.f(y.n if z else 1)", "T(x).f(T(y).n if z else 1)"),
        ("if x.n:\n    x.n = 0", "if F(x).n:\n    F(x).n = 0"),
        ("with x.lock:\n    x.n = 1\nx.n = 2", "with F(x).lock:\n    T(x).n = 1\nF(x).n = 2"),
        ("for a in x.n:\n    y.n = a", "for a in F(x).n:\n    F(None)\n    T(y).n = a"),
        ("while x.n:\n    pass", "while T(x).n:\n    F(None)\n    pass"),
        ("while x.n:\n    y.n = 0\n    break", "while T(x).n:\n    F(None)\n    F(y).n = 0\n    break"),
        ("def f():\n    return x.n", "def f():\n    return F(x).n"),
    ],
)
def test_the_mark_of_a_point_says_whether_the_interpreter_polls_after_it(source, wanted):
    """A race that this Python can show must be told from one that only a build without the global lock shows."""
    assert polled(source) == wanted


COUNTING = """
import threading

class Counter:
    def __init__(self):
        self.n = 0

    def get(self):
        return self.n

def raced(work):
    counter = Counter()
    threads = [threading.Thread(target=work, args=(counter,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return counter.n

def no_call(counter):
    v = counter.n
    counter.n = v + 1

def call_between(counter):
    v = counter.n
    str(v)
    counter.n = v + 1

def read_in_a_call(counter):
    v = counter.get()
    counter.n = v + 1

def go(work):
    return raced(globals()[work])
"""


def lost_updates(play_all, work):
    """(preempted, unpolled) of each schedule in which an update was lost."""
    driver = f"def go(student, probe):\n    return student.go({work!r})\n"
    specs = [f"random.p30.s{seed}" for seed in range(60)]
    traces = [each for each in play_all(COUNTING, driver, *specs, full=False) if isinstance(each, wire.ScheduleTrace)]
    assert len(traces) == len(specs)
    return [(trace.preempted, trace.unpolled) for trace in traces if trace.value != 2]


@pytest.mark.parametrize(("work", "possible"), [("no_call", False), ("call_between", True), ("read_in_a_call", False)])
def test_a_trace_counts_preemptions_that_this_interpreter_would_not_make(play_all, work, possible):
    """What needs such a preemption is a race of the language; the interpreter polls after a call, not after a return."""
    lost = lost_updates(play_all, work)
    assert lost
    assert any(unpolled == 0 for _, unpolled in lost) is possible
    assert all(0 <= unpolled <= preempted for preempted, unpolled in lost)
