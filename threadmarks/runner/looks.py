"""Bare names that are looked into where they stand: `if jobs:`, `len(jobs)`, `for job in jobs`.

No point stands there, since a name that is never rebound is not shared state; what it names may be. A run that tells what it
touches (`accesses`) gets a call there that tells it, and that is no point either.
"""

import ast
from collections.abc import Iterator

_CALLS = frozenset(
    {"len", "bool", "any", "all", "sum", "min", "max", "sorted", "list", "tuple", "set", "enumerate", "iter"}
)


def looked_into(tree: ast.AST) -> set[ast.expr]:
    """The names of a tree whose truth, length or items are asked for."""
    found: set[ast.expr] = set()
    for node in ast.walk(tree):
        found.update(each for each in _operands(node) if isinstance(each, ast.Name))
    return found


def _operands(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.If() | ast.While() | ast.IfExp():
            yield node.test
        case ast.BoolOp():
            yield from node.values
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.For() | ast.comprehension():
            yield node.iter
        case ast.Call(func=ast.Name(id=name)) if name in _CALLS:
            yield from node.args
        case _:
            pass
