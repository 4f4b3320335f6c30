"""Finds imports that an exercise forbids, in a submission's syntax tree.

Evidence for a finding, not a boundary: a name put together at run time is not seen. Runs in the runner, before the source
is executed. Standard library only.
"""

import ast


def policy_hits(tree: ast.Module, forbidden_imports: list[str]) -> list[list[str | int]]:
    """Rows `[what, line]`, one for each forbidden module and line, ordered by line.

    Seen are `import a.b`, `import a.b as c`, `from a import b`, `from a.b import c`, `__import__("a.b")` and
    `importlib.import_module("a.b")` with literal names. Forbidding "a.b" forbids "a.b.c" too, and not "a".
    """
    if not forbidden_imports:
        return []
    hits: set[tuple[int, str]] = set()
    for node in ast.walk(tree):
        for name in _imported(node):
            for forbidden in forbidden_imports:
                if name == forbidden or name.startswith(forbidden + "."):
                    hits.add((getattr(node, "lineno", 0), f"import of {forbidden}"))
    return [[what, line] for line, what in sorted(hits)]


def _imported(node: ast.AST) -> list[str]:
    """The dotted names that a node imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    if isinstance(node, ast.Call) and node.args:
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str) and _is_import_call(node.func):
            return [first.value]
    return []


def _is_import_call(function: ast.expr) -> bool:
    if isinstance(function, ast.Attribute):
        return function.attr in ("import_module", "__import__")
    return isinstance(function, ast.Name) and function.id in ("import_module", "__import__")
