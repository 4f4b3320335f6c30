"""A runner is sent the scenario that it runs, on its own lines, and no other."""

import ast

import pytest

from threadmarks import catalog
from threadmarks.catalog import read_content
from threadmarks.errors import AuthoringError
from threadmarks.judge.scenario_file import ScenarioFile

TEXT = """\
import threading

LIMIT = 3

def _wait(gate):
    gate.wait(LIMIT)

def _unused():
    pass

def one(student, probe):
    _wait(threading.Event())

@threading.settrace
def two(student, probe):
    def inner():
        one(student, probe)
    inner()

TABLE = {"helper": lambda: _late()}

def _late(): ...
"""


def functions(text: str) -> dict[str, int]:
    """The functions at the top level, and their lines."""
    return {node.name: node.lineno for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}


def test_the_scenarios_are_the_public_functions_in_order() -> None:
    """Helpers begin with an underscore."""
    assert ScenarioFile(TEXT, "s.py").names == ("one", "two")


def test_a_scenario_comes_with_what_it_names_and_what_the_top_level_names() -> None:
    """Directly or through others, and on the same lines as in the file."""
    file = ScenarioFile(TEXT, "s.py")
    assert functions(file.only("one")) == {"_wait": 5, "one": 11, "_late": 22}
    assert functions(file.only("two")) == {"_wait": 5, "one": 11, "two": 15, "_late": 22}
    assert len(file.only("one").splitlines()) == len(TEXT.splitlines())


def test_loading_alone_needs_no_scenario() -> None:
    """Nothing to compile."""
    assert ScenarioFile(TEXT, "s.py").only("") == ""


def test_a_file_that_is_not_python_is_an_authoring_error() -> None:
    """With its place."""
    with pytest.raises(AuthoringError, match=r"s\.py: line 1"):
        ScenarioFile("def f(:", "s.py")


@pytest.mark.parametrize("exercise", catalog.load(), ids=lambda exercise: exercise.id)
def test_every_shipped_scenario_is_sent_with_all_that_it_names(exercise: catalog.Exercise) -> None:
    """No function of the file is named in what is sent without being in it."""
    text = read_content(exercise.scenarios)
    file = ScenarioFile(text, "s.py")
    for name in file.names:
        sent = ast.parse(file.only(name))
        named = {node.id for node in ast.walk(sent) if isinstance(node, ast.Name)}
        assert named & set(functions(text)) <= set(functions(file.only(name)))
