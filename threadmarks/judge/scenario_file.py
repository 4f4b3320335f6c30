"""A scenario file as text: which scenarios it has, and what of it one scenario needs.

The file is compiled in every runner, so a runner is sent only the scenario that it runs and what that names; the rest is
blanked out, line by line, so that line numbers stay. Scenario files are never imported by the judge.
"""

import ast
from functools import lru_cache

from threadmarks.errors import AuthoringError
from threadmarks.judge.stub_api import parse_content

KEPT = 64
"""Files that are kept parsed, by their text: a judge grades many submissions with the same ones."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


class ScenarioFile:
    """One `scenarios.py`."""

    def __init__(self, text: str, where: str) -> None:
        """Raises AuthoringError when the text is not Python."""
        self._lines = text.split("\n")
        self._where = where
        self._nodes = parse_content(text, where).body
        self._functions = {node.name: node for node in self._nodes if isinstance(node, Function)}
        self._texts: dict[str, str] = {"": ""}  # by scenario: what `only` has given

    @property
    def names(self) -> tuple[str, ...]:
        """The scenarios, in the file's order: its public functions."""
        return tuple(name for name in self._functions if not name.startswith("_"))

    def only(self, scenario: str) -> str:
        """The file's text with every function blanked out that `scenario` does not need; "" for no scenario."""
        if scenario not in self._texts:
            self._texts[scenario] = self._blanked(self._needed(scenario))
        return self._texts[scenario]

    def _blanked(self, needed: set[str]) -> str:
        lines = list(self._lines)
        for name, node in self._functions.items():
            if name not in needed:
                first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                if node.end_lineno is None:
                    raise AuthoringError(f"{self._where}: {name} has no end")
                lines[first - 1 : node.end_lineno] = [""] * (node.end_lineno - first + 1)
        return "\n".join(lines)

    def _needed(self, scenario: str) -> set[str]:
        """The functions that a scenario, and everything at the file's top level, names, directly or not."""
        waiting: list[ast.AST] = [node for node in self._nodes if not isinstance(node, Function)]
        waiting.append(self._functions[scenario])
        needed = {scenario}
        while waiting:
            for node in ast.walk(waiting.pop()):
                name = node.id if isinstance(node, ast.Name) else ""
                if name in self._functions and name not in needed:
                    needed.add(name)
                    waiting.append(self._functions[name])
        return needed


@lru_cache(maxsize=KEPT)
def scenario_file(text: str, where: str) -> ScenarioFile:
    """The file of that text, parsed once. Raises AuthoringError."""
    return ScenarioFile(text, where)
