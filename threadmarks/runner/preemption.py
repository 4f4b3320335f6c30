"""Preemption inside student code: a scheduling point wherever shared state can be touched.

The student's syntax tree is compiled with calls of `point_at` put in: before an attribute or an item is read, written or
deleted; between the read and the write of `x.n += 1`; around names that functions rebind (`global`, `nonlocal`); before
a call by name; and once in every round of a loop or a comprehension, so that a loop that touches nothing is noticed too.
The standard library's bodies stay as they are and run undisturbed between their locks.

Each point has a number (`sites`): what the program does there can be looked up, and the number itself says whether the
interpreter polls for a switch before the next point (`polling`). Neither has a part in who runs next, unless a strategy
asks (`ControlledThread.could_switch`), and neither changes how choices are counted.

Why not the interpreter's own events: a trace function on 3.11 slows down every line of the standard library as well (a
schedule takes three to four times as long), and instruction events differ from version to version, so that a token would
not mean the same schedule on the next one. See docs/decisions.
"""

import ast
import builtins
import sys
from typing import Any, TypeVar

from threadmarks.runner import baton, looks, polling
from threadmarks.runner.polling import KEY
from threadmarks.runner.sites import CLOSE, Sites, Touch, Where

POINT = "__preemption_point__"
POINT_BESIDE = "__preemption_point_beside__"
"""The same in a file that the graded one is built upon: there, no run tells what is touched."""
_DEEP_TREES = 50_000
T = TypeVar("T")


def point_at(value: T, site: int) -> T:
    """A scheduling point; gives back what it was given."""
    scheduler = baton.active
    if scheduler is not None:
        scheduler.point(site, value)
    return value


def install() -> None:
    """Make the names that instrumented code calls known in this process."""
    setattr(builtins, POINT, point_at)
    setattr(builtins, POINT_BESIDE, point_at)


def instrument(tree: ast.Module, *, keys: bool = False) -> Sites:
    """Put scheduling points into a module's tree, in place, and give their table. Lines and columns stay as they were.

    `keys`: also calls that tell what no point tells: the keys of items, names that are looked into.
    """
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(_DEEP_TREES)  # a sum of a thousand terms is a thousand levels deep
    try:
        shared = frozenset(
            name for node in ast.walk(tree) if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names
        )
        sites = Sites()
        looked_into = looks.looked_into(tree) if keys else set()
        _Instrumenter(shared, sites, looked_into, keys=keys).visit(tree)
        polling.mark(tree, sites.numbers)
    finally:
        sys.setrecursionlimit(limit)
    return sites


def instrument_beside(tree: ast.Module) -> None:
    """The same for a file that the graded one is built upon. Its points have no table: nothing is ever told of them."""
    instrument(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == POINT:
            node.id = POINT_BESIDE


def _point(value: ast.expr, site: ast.Constant, function: str = POINT) -> ast.expr:
    call = ast.Call(func=ast.Name(id=function, ctx=ast.Load()), args=[value, site], keywords=[])
    ast.copy_location(call.func, value)
    return ast.copy_location(call, value)


def _of_context(context: ast.expr_context) -> Touch:
    if isinstance(context, ast.Store):
        return Touch.WRITE
    return Touch.DELETE if isinstance(context, ast.Del) else Touch.READ


class _Instrumenter(ast.NodeTransformer):
    """Visits expressions from the inside out. Annotations and patterns are left alone: they are read as syntax."""

    def __init__(self, shared: frozenset[str], sites: Sites, looked_into: set[ast.expr], *, keys: bool) -> None:
        self._looked_into = looked_into  # names, where a run tells what it touches
        self._keys = keys
        self._shared = shared  # names that some function declares global or nonlocal
        self._sites = sites
        self._called: set[ast.AST] = set()  # expressions that are called, or looked into, where they stand
        self._passed_on: set[ast.AST] = set()
        self._updated: set[ast.AST] = set()  # targets of `x.n += 1`

    def _touch(self, node: Any) -> Touch:
        return Touch.UPDATE if node in self._updated else _of_context(node.ctx)

    # ---- expressions

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """`x.a`: the point comes after `x` is known and before `.a` is touched."""
        self._passed_on.add(node.value)
        value = self.visit(node.value)
        site = self._sites.add(
            node,
            self._touch(node),
            Where.ATTRIBUTE,
            node.attr,
            passed_on=node in self._passed_on,
            called=node in self._called,
        )
        node.value = _point(value, site)
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """`x[i]`, likewise."""
        self._passed_on.add(node.value)
        value = self.visit(node.value)
        site = self._sites.add(node, self._touch(node), Where.ITEM, passed_on=node in self._passed_on)
        node.value = _point(value, site)
        node.slice = self.visit(node.slice)
        if self._keys and not isinstance(node.slice, ast.Slice | ast.Tuple):
            number = ast.copy_location(ast.Constant(value=site.value), site)
            node.slice = _point(node.slice, number, KEY)
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """A read of a name that some function rebinds."""
        if node in self._looked_into and node.id not in self._shared:
            return _point(node, self._sites.add(node, Touch.LOOK, Where.NAME, node.id), KEY)
        if not isinstance(node.ctx, ast.Load) or node.id not in self._shared:
            return node
        passed_on, called = node in self._passed_on, node in self._called
        return _point(node, self._sites.add(node, Touch.READ, Where.NAME, node.id, passed_on=passed_on, called=called))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """`f(x)`: before the call. Of `x.f()` the attribute has its own point."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        self._called.add(node.func)
        self.generic_visit(node)
        if name and not (isinstance(node.func, ast.Name) and node.func.id == "super"):
            node.func = _point(node.func, self._sites.add(node, Touch.CALL, Where.NAME, name))
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        """`x in y`: `y` is looked into."""
        looked_into = [isinstance(operator, ast.In | ast.NotIn) for operator in node.ops]
        self._passed_on.update(right for right, into in zip(node.comparators, looked_into, strict=True) if into)
        self.generic_visit(node)
        node.comparators = [
            _point(right, self._sites.add(right, Touch.LOOK, Where.NOTHING)) if into else right
            for right, into in zip(node.comparators, looked_into, strict=True)
        ]
        return node

    def _round(self, value: ast.expr, node: ast.AST) -> ast.expr:
        return _point(value, self._sites.add(node, Touch.ROUND, Where.NOTHING))

    def _comprehension(self, node: Any) -> Any:
        self.generic_visit(node)
        node.elt = self._round(node.elt, node)
        return node

    visit_ListComp = _comprehension
    visit_SetComp = _comprehension
    visit_GeneratorExp = _comprehension

    def visit_DictComp(self, node: ast.DictComp) -> ast.expr:
        """Once a round."""
        self.generic_visit(node)
        node.key = self._round(node.key, node)
        return node

    # ---- statements

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt | list[ast.stmt]:
        """`x.n += y`: the point between the read and the write, where an update gets lost."""
        target = node.target
        self._updated.add(target)
        self.generic_visit(node)
        if isinstance(target, ast.Name):
            where, name = Where.NAME, target.id
            if name not in self._shared:
                return node
        else:
            where, name = (Where.ATTRIBUTE, target.attr) if isinstance(target, ast.Attribute) else (Where.ITEM, "")
        site = self._sites.add(target, Touch.STORE, where, name)
        if where is Where.NAME and not self._has_point(node.value):
            self._sites.numbers[site] |= CLOSE
        node.value = _point(node.value, site)
        if self._keys and where is Where.NAME:
            return [self._read_first(node, site), node]
        return node

    def _has_point(self, node: ast.AST) -> bool:
        return any(isinstance(each, ast.Constant) and each in self._sites.numbers for each in ast.walk(node))

    @staticmethod
    def _read_first(node: ast.AugAssign, site: ast.Constant) -> ast.stmt:
        """The name is read before the value is worked out, and no point stands there: a call that tells it."""
        nothing = ast.copy_location(ast.Constant(value=None), node)
        number = ast.copy_location(ast.Constant(value=site.value), site)
        return ast.copy_location(ast.Expr(value=_point(nothing, number, KEY)), node)

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        """A write of a name that functions share."""
        self.generic_visit(node)
        shared = [target for target in node.targets if isinstance(target, ast.Name) and target.id in self._shared]
        if shared:
            node.value = _point(node.value, self._sites.add(shared[0], Touch.WRITE, Where.NAME, shared[0].id))
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        """As `visit_Assign`; the annotation is not touched."""
        node.target = self.visit(node.target)
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def _loop(self, node: Any) -> Any:
        self.generic_visit(node)
        tick = ast.Expr(value=self._round(ast.copy_location(ast.Constant(value=None), node), node))
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
        node.body = self._statements(node.body)
        return node

    def _statements(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """A body's statements; in a run that tells what it touches, one may become two."""
        visited = (self.visit(statement) for statement in body)
        return [part for each in visited for part in (each if isinstance(each, list) else [each])]

    def _function(self, node: Any) -> Any:
        node.decorator_list = [self.visit(decorator) for decorator in node.decorator_list]
        self.visit(node.args)
        node.body = self._statements(node.body)
        return node

    visit_FunctionDef = _function
    visit_AsyncFunctionDef = _function

    def visit_TypeAlias(self, node: Any) -> Any:
        """`type X = ...` of 3.12."""
        return node
