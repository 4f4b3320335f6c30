"""Explain a finding code that an exercise's own checks use, by reading how they use it.

A check gives its code, its sentence and its meaning in one call, `expect(..., code="...", message="...", means="...")`.
That call *is* the explanation; it is read from the source with `ast` and never run. An install without checks (a
student's, with hidden ones) knows fewer codes, and that is all.
"""

import ast
import difflib
from collections.abc import Iterator
from pathlib import Path

from threadmarks import content
from threadmarks.explain.explanation import Explanation


def explain(code: str) -> Explanation | None:
    """The explanation of `code` as the checks give it; None if no check uses it."""
    uses = [use for use in _uses() if use.code == code]
    if not uses:
        return None
    exercises = sorted({use.exercise for use in uses})
    return Explanation(
        code=code,
        title=_first(use.message for use in uses) or "A finding of an exercise's own checks.",
        text=_first(use.means for use in uses) or "The report tells beside the finding what was seen and wanted.",
        advice=f"Given by the checks of {', '.join(exercises)}.",
    )


def similar(code: str) -> list[str]:
    """Codes of the exercises that look like `code`, best first."""
    return difflib.get_close_matches(code, {use.code for use in _uses()}, n=3, cutoff=0.6)


class _Use:
    """One call that gives a code."""

    def __init__(self, exercise: str, call: ast.Call) -> None:
        texts = {word.arg: _text(word.value) for word in call.keywords if word.arg}
        self.exercise = exercise
        self.code = texts.get("code", "")
        self.message = texts.get("message", "")
        self.means = texts.get("means", "")


def _uses() -> Iterator[_Use]:
    for path in sorted((content.root() / "graders").glob("*/*.py")):
        for node in ast.walk(_parsed(path)):
            if isinstance(node, ast.Call):
                use = _Use(path.parent.name.partition("_")[0], node)
                if use.code:
                    yield use


def _parsed(path: Path) -> ast.AST:
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return ast.Module(body=[], type_ignores=[])  # the content check complains about it, not this


def _text(node: ast.expr) -> str:
    """The text of a literal; the fixed parts of an f-string with `...` for the rest; "" for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) if isinstance(part, ast.Constant) else "..." for part in node.values)
    return ""


def _first(texts: Iterator[str]) -> str:
    return next((text for text in texts if text), "")
