"""The drawn inputs of the shipped exercises: right files pass whatever is drawn, learned answers do not."""

import ast

import pytest

from threadmarks import catalog
from threadmarks.catalog import Exercise
from threadmarks.judge import grade_source
from threadmarks.model import Verdict
from threadmarks.sandbox.saferead import Source

EXERCISES = catalog.load()
ORDERS = 8
"""Schedules of an exploration: what is asked here is whether both sides draw alike. That right files hold in any order, the content check shows."""


@pytest.mark.parametrize("secret", ["one", "two"])
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_a_right_solution_passes_whatever_is_drawn(exercise: Exercise, secret: str) -> None:
    """The scenario and its check draw alike."""
    text = exercise.reference.read_text(encoding="utf-8")
    report = grade_source(exercise, Source(file=exercise.file_name, text=text), secret=secret, most_schedules=ORDERS)
    assert (report.verdict, report.score) == (Verdict.PASSED, 20.0)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_both_sides_draw(exercise: Exercise) -> None:
    """An exercise without drawn inputs can be answered from a table."""
    for path, name in ((exercise.scenarios, "random"), (exercise.checks, "inputs")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert any(isinstance(node, ast.Attribute) and node.attr == name for node in ast.walk(tree)), path


LEARNED = """
import threading
from threadmarks.prelude import Deadlock, JoinError

VALUES = {values!r}

class TaskHandle:
    def __init__(self):
        self.done, self.value = False, None

    def result(self):
        if not self.done:
            raise RuntimeError("not done")
        return self.value

class Scheduler:
    steps, current = 0, None

    def __init__(self):
        self.handles = []

    def spawn(self, gen, name=None):
        self.handles.append(TaskHandle())
        return self.handles[-1]

    def run(self):
        for handle, value in zip(self.handles, VALUES):
            handle.done, handle.value = True, value
"""


def _seen(values: list[object], secret: str) -> tuple[bool, str]:
    """Whether the check of results passes for a file that knows these values, and what it wanted instead."""
    text = LEARNED.format(values=values)
    report = grade_source(catalog.resolve("ex03"), Source(file="ex03.py", text=text), secret=secret)
    (results,) = [check for check in report.checks if check.spec.name == "results"]
    return results.passed, results.findings[0].wanted if results.findings else ""


def test_an_answer_learned_from_a_report_is_wrong_the_next_time() -> None:
    """To write it into the file changes the file, and with it the inputs; so does another secret."""
    passed, wanted = _seen([1, "text", None, 0], "one")
    assert not passed
    learned = int(wanted)
    passed, wanted = _seen([learned, "text", None, 0], "one")
    assert (passed, int(wanted) != learned) == (False, True)
    assert _seen([1, "text", None, 0], "two")[1] != str(learned)
