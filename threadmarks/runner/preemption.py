"""Preemption inside student code: a scheduling point wherever shared state can be touched.

The student's syntax tree is compiled with calls of `point_at` put in: before an attribute or an item is read, written or
deleted; between the read and the write of `x.n += 1`; around names that functions rebind (`global`, `nonlocal`); before
a call by name; and once in every round of a loop or a comprehension, so that a loop that touches nothing is noticed too.
The standard library's bodies stay as they are and run undisturbed between their locks.

Why not the interpreter's own events: a trace function on 3.11 slows down every line of the standard library as well (a
schedule takes three to four times as long), and instruction events differ from version to version, so that a token would
not mean the same schedule on the next one. See docs/decisions.
"""

import ast
import builtins
import sys
from typing import Any, TypeVar

from threadmarks.runner import baton

POINT = "__preemption_point__"
_DEEP_TREES = 50_000
T = TypeVar("T")


def point_at(value: T) -> T:
    """A scheduling point; gives back what it was given."""
    scheduler = baton.active
    if scheduler is not None:
        scheduler.point(touches=value)
    return value


def install() -> None:
    """Make the name that instrumented code calls known in this process."""
    setattr(builtins, POINT, point_at)


def instrument(tree: ast.Module) -> ast.Module:
    """Put scheduling points into a module's tree, in place. Lines and columns stay as they were."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(_DEEP_TREES)  # a sum of a thousand terms is a thousand levels deep
    try:
        shared = frozenset(
            name for node in ast.walk(tree) if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names
        )
        _Instrumenter(shared).visit(tree)
    finally:
        sys.setrecursionlimit(limit)
    return tree


def _point(value: ast.expr) -> ast.expr:
    call = ast.Call(func=ast.Name(id=POINT, ctx=ast.Load()), args=[value], keywords=[])
    ast.copy_location(call.func, value)
    return ast.copy_location(call, value)


class _Instrumenter(ast.NodeTransformer):
    """Visits expressions from the inside out. Annotations and patterns are left alone: they are read as syntax."""

    def __init__(self, shared: frozenset[str]) -> None:
        self._shared = shared  # names that some function declares global or nonlocal

    # ---- expressions

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """`x.a`: the point comes after `x` is known and before `.a` is touched."""
        node.value = _point(self.visit(node.value))
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """`x[i]`, likewise."""
        node.value = _point(self.visit(node.value))
        node.slice = self.visit(node.slice)
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """A read of a name that some function rebinds."""
        return _point(node) if isinstance(node.ctx, ast.Load) and node.id in self._shared else node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """`f(x)`: before the call. Of `x.f()` the attribute has its own point."""
        named = isinstance(node.func, ast.Name)
        self.generic_visit(node)
        if named and not (isinstance(node.func, ast.Name) and node.func.id == "super"):
            node.func = _point(node.func)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        """`x in y`: `y` is looked into."""
        self.generic_visit(node)
        node.comparators = [
            _point(right) if isinstance(operator, ast.In | ast.NotIn) else right
            for operator, right in zip(node.ops, node.comparators, strict=True)
        ]
        return node

    def _comprehension(self, node: Any) -> Any:
        self.generic_visit(node)
        node.elt = _point(node.elt)
        return node

    visit_ListComp = _comprehension
    visit_SetComp = _comprehension
    visit_GeneratorExp = _comprehension

    def visit_DictComp(self, node: ast.DictComp) -> ast.expr:
        """Once a round."""
        self.generic_visit(node)
        node.key = _point(node.key)
        return node

    # ---- statements

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        """`x.n += y`: the point between the read and the write, where an update gets lost."""
        shared = not isinstance(node.target, ast.Name) or node.target.id in self._shared
        self.generic_visit(node)
        if shared:
            node.value = _point(node.value)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        """A write of a name that functions share."""
        self.generic_visit(node)
        if any(isinstance(target, ast.Name) and target.id in self._shared for target in node.targets):
            node.value = _point(node.value)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        """As `visit_Assign`; the annotation is not touched."""
        node.target = self.visit(node.target)
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def _loop(self, node: Any) -> Any:
        self.generic_visit(node)
        tick = ast.Expr(value=_point(ast.copy_location(ast.Constant(value=None), node)))
        node.body.insert(0, ast.copy_location(tick, node))
        return node

    visit_While = _loop
    visit_For = _loop
    visit_AsyncFor = _loop

    # ---- what is read as syntax

    def visit_arg(self, node: ast.arg) -> ast.arg:
        """A parameter: nothing but an annotation could be in it."""
        return node

    def visit_match_case(self, node: ast.match_case) -> ast.match_case:
        """The pattern stays; guard and body do not."""
        if node.guard is not None:
            node.guard = self.visit(node.guard)
        node.body = [self.visit(statement) for statement in node.body]
        return node

    def _function(self, node: Any) -> Any:
        node.decorator_list = [self.visit(decorator) for decorator in node.decorator_list]
        self.visit(node.args)
        node.body = [self.visit(statement) for statement in node.body]
        return node

    visit_FunctionDef = _function
    visit_AsyncFunctionDef = _function

    def visit_TypeAlias(self, node: Any) -> Any:
        """`type X = ...` of 3.12."""
        return node
