"""After which points the interpreter itself could switch threads: the difference between two kinds of races.

CPython gives up its global lock of its own accord only where its loop polls the "eval breaker": when a function is
entered (RESUME), when a loop jumps back (JUMP_BACKWARD), and after a call (CALL and its kin), which includes the call of
`__exit__` at the end of a `with`. Between a plain read of an attribute and the write that follows it does not. A
schedule that preempts elsewhere shows a race of the language, which a build without the global lock has, and this one
does not.

A walk over the instrumented tree, backwards in the order of evaluation, marks each point after which a poll comes before
the next point of the same body. A thread whose last point is so marked may be switched at its next one; that the last
point may lie in another function is why the mark stands at the point before and not at the one after.

Approximated, towards "could": where paths join, one that polls is enough; a loop's first round counts as polled when its
test holds points, as every later one is; each call counts, though the interpreter's fast paths for `len`, `isinstance`
and `list.append` do not poll once they are warm. Approximated, towards "could not": special methods (`__add__`,
`__getattr__`, `__enter__` of a class in Python), generators that are resumed, and finalizers enter functions without a
call that the tree shows. Blocking operations are no concern of this module: there, the thread cannot go on anyway.
"""

import ast
from collections.abc import Iterable, Mapping
from typing import Any

from threadmarks.runner.sites import POLLED


def mark(tree: ast.Module, numbers: Mapping[ast.expr, int]) -> None:
    """Set the flag in the number of every point that a poll follows. In place; `numbers`: the constants to be set."""
    walk = _Backwards(numbers)
    walk.block(tree.body, then=False)
    while walk.scopes:
        scope = walk.scopes.pop()
        if isinstance(scope, ast.Lambda):
            walk.before(scope.body, then=False)
        else:
            walk.block(scope.body, then=False)


class _Backwards:
    """`before(node, then)`: whether, from the start of `node`, a poll comes before a point; `then`: the same after it."""

    def __init__(self, numbers: Mapping[ast.expr, int]) -> None:
        self._numbers = numbers
        self._loops: list[bool] = []  # what follows a `break`
        self.scopes: list[ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda] = []  # bodies still to be walked

    def block(self, nodes: Iterable[ast.AST], *, then: bool) -> bool:
        """Nodes that are evaluated one after the other."""
        for node in reversed(list(nodes)):
            then = self.before(node, then=then)
        return then

    def before(self, node: ast.AST, *, then: bool) -> bool:
        """One node."""
        special = getattr(self, f"_{type(node).__name__.lower()}", None)
        if special is not None:
            return bool(special(node, then))
        return self.block(ast.iter_child_nodes(node), then=then)

    # ---- what polls, and what is a point

    def _call(self, node: ast.Call, then: bool) -> bool:
        number = node.args[-1] if node.args else None
        if isinstance(number, ast.Constant) and number in self._numbers:
            number.value = self._numbers[number] | (POLLED if then or number.value & POLLED else 0)
            return self.before(node.args[0], then=False)
        return self.block([node.func, *node.args, *node.keywords], then=True)

    def _with(self, node: Any, then: bool) -> bool:
        return self.block([*node.items, *node.body], then=True)

    _asyncwith = _with

    # ---- order and branches

    def _assign(self, node: Any, then: bool) -> bool:
        return self.block([node.value, *node.targets], then=then)

    def _annassign(self, node: ast.AnnAssign, then: bool) -> bool:
        return self.block([node.value, node.target] if node.value else [], then=then)

    def _namedexpr(self, node: ast.NamedExpr, then: bool) -> bool:
        return self.before(node.value, then=then)

    def _dict(self, node: ast.Dict, then: bool) -> bool:
        pairs = zip(node.keys, node.values, strict=True)
        return self.block([part for pair in pairs for part in pair if part is not None], then=then)

    def _if(self, node: ast.If, then: bool) -> bool:
        branches = (self.block(node.body, then=then), self.block(node.orelse, then=then))
        return self.before(node.test, then=any(branches))

    def _ifexp(self, node: ast.IfExp, then: bool) -> bool:
        branches = (self.before(node.body, then=then), self.before(node.orelse, then=then))
        return self.before(node.test, then=any(branches))

    def _boolop(self, node: ast.BoolOp, then: bool) -> bool:
        follows = then
        for value in reversed(node.values):
            follows = self.before(value, then=follows or then)
        return follows

    def _match(self, node: ast.Match, then: bool) -> bool:
        cases = []
        for case in node.cases:
            inside = self.block(case.body, then=then)
            cases.append(inside if case.guard is None else self.before(case.guard, then=inside or then))
        return self.before(node.subject, then=then or any(cases))

    def _try(self, node: Any, then: bool) -> bool:
        finally_ = self.block(node.finalbody, then=then)
        for handler in node.handlers:
            self.block(handler.body, then=finally_)
        return self.block(node.body, then=self.block(node.orelse, then=finally_))

    _trystar = _try

    # ---- loops

    def _while(self, node: ast.While, then: bool) -> bool:
        after = self.block(node.orelse, then=then)
        again = self.before(node.test, then=True)  # the loop jumps back between its test and the next round
        self._loops.append(then)
        inside = self.block(node.body, then=again or after)
        self._loops.pop()
        return self.before(node.test, then=inside or after)

    def _for(self, node: Any, then: bool) -> bool:
        after = self.block(node.orelse, then=then)
        self._loops.append(then)
        inside = self.block(node.body, then=True)
        self._loops.pop()
        return self.before(node.iter, then=inside or after)

    _asyncfor = _for

    def _comprehension(self, node: Any, then: bool) -> bool:
        elements = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        state = self.block(elements, then=True)
        first, *others = node.generators
        for generator in reversed(others):
            state = self.block([generator.iter, *generator.ifs], then=state)
        state = self.block(first.ifs, then=state)
        return self.before(first.iter, then=state or then)

    _listcomp = _comprehension
    _setcomp = _comprehension
    _generatorexp = _comprehension
    _dictcomp = _comprehension

    # ---- jumps, and what runs another time

    def _break(self, node: ast.Break, then: bool) -> bool:
        return self._loops[-1] if self._loops else then

    def _continue(self, node: ast.Continue, then: bool) -> bool:
        return True

    def _leaves(self, node: Any, then: bool) -> bool:
        return self.block(ast.iter_child_nodes(node), then=False)

    _return = _leaves
    _raise = _leaves

    def _function(self, node: Any, then: bool) -> bool:
        self.scopes.append(node)
        decorators = getattr(node, "decorator_list", [])
        return self.block(
            [*decorators, *node.args.defaults, *(d for d in node.args.kw_defaults if d)], then=bool(decorators) or then
        )

    _functiondef = _function
    _asyncfunctiondef = _function
    _lambda = _function

    def _classdef(self, node: ast.ClassDef, then: bool) -> bool:
        self.block(node.body, then=True)  # the class is made by a call at its end, and entered as a function is
        return self.block([*node.decorator_list, *node.bases, *node.keywords], then=True)

    def _typealias(self, node: Any, then: bool) -> bool:
        return then
