"""After which points the interpreter itself could switch threads: the difference between two kinds of races.

CPython gives up its global lock of its own accord only where its loop polls the "eval breaker": when a function is
entered (RESUME), when a loop jumps back (JUMP_BACKWARD), and after a call (CALL and its kin), which includes the call of
`__exit__` at the end of a `with`. Between a plain read of an attribute and the write that follows it does not. A
schedule that preempts elsewhere shows a race of the language, which a build without the global lock has, and this one
does not.

A walk over the instrumented tree, backwards in the order of evaluation, marks each point after which a poll comes before
the next point of the same body. A thread whose last point is so marked may be switched at its next one; that the last
point may lie in another function is why the mark stands at the point before and not at the one after. Two marks of their own: a
function's first point comes after a poll whoever called it, also a property or a special method; and the write of `n += 1`
to a name comes after a read that has no point, so nothing that came before it counts.

Approximated, towards "could": where paths join, one that polls is enough; a loop's first round counts as polled when its
test holds points, as every later one is; each call counts, though the interpreter's fast paths for `len`, `isinstance`
and `list.append` do not poll once they are warm. Approximated, towards "could not": after a special
method or a property without points of its own, a resumed generator or a finalizer, the caller's next point is not counted;
and a `for` polls before it takes its next item, where no point stands. Blocking operations are no concern of this module: there, the thread cannot go on anyway.
"""

import ast
from collections.abc import Iterable
from typing import Any

from threadmarks.runner.sites import ENTRY, POLLED

KEY = "__preemption_key__"
"""What code calls with the key of an item where a run tells what it touches (`accesses`): no call of the student's, no point."""


def mark(tree: ast.Module, numbers: dict[ast.expr, int]) -> None:
    """Set the flag in the number of every point that a poll follows. In place; `numbers`: the constants to be set."""
    walk = _Backwards(numbers)
    walk.block(tree.body, then=False)
    while walk.scopes:
        scope = walk.scopes.pop()
        body: list[ast.AST] = [scope.body] if isinstance(scope, ast.Lambda) else list(scope.body)
        walk.block(body, then=False)
        for number in _First(numbers).of(body)[0]:
            numbers[number] |= ENTRY
            number.value = numbers[number]


class _First:
    """The points of a body that can be the first to be reached."""

    def __init__(self, numbers: dict[ast.expr, int]) -> None:
        self._numbers = numbers

    def of(self, nodes: Iterable[ast.AST | None]) -> tuple[list[ast.Constant], bool]:
        """The numbers of the first points of nodes that follow each other, and whether nobody gets past them all."""
        found: list[ast.Constant] = []
        for node in nodes:
            if node is not None:
                points, closed = self._in(node)
                found += points
                if closed:
                    return found, True
        return found, False

    def _in(self, node: ast.AST) -> tuple[list[ast.Constant], bool]:  # one return a shape
        match node:
            case ast.Call(args=[value, ast.Constant() as number]) if number in self._numbers:
                points, closed = self._in(value)
                return (points, True) if closed else ([*points, number], True)
            case ast.If() | ast.IfExp():
                points, closed = self._in(node.test)
                return (points, True) if closed else self._either(points, node)
            case ast.BoolOp():
                return self._in(node.values[0])[0], bool(self._in(node.values[0])[1])
            case (
                ast.While()
                | ast.Try()
                | ast.Match()
                | ast.Return(value=None)
                | ast.Raise()
                | ast.Break()
                | ast.Continue()
            ):
                return [], True  # what follows is reached again, or in ways that are not looked at
            case ast.Assign():
                return self.of([node.value, *node.targets])
            case ast.For() | ast.AsyncFor():
                return self.of([node.iter, *node.body])[0], True
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Lambda():
                return [], isinstance(node, ast.ClassDef)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._in(node.generators[0].iter)[0], True
            case _:
                return self.of(ast.iter_child_nodes(node))

    def _either(self, points: list[ast.Constant], node: ast.If | ast.IfExp) -> tuple[list[ast.Constant], bool]:
        bodies = (node.body, node.orelse) if isinstance(node, ast.If) else ([node.body], [node.orelse])
        branches = [self.of(body) for body in bodies]
        found = [number for numbers, _ in branches for number in numbers]
        return [*points, *found], True if any(numbers for numbers, _ in branches) else all(end for _, end in branches)


class _Backwards:
    """`before(node, then)`: whether, from the start of `node`, a poll comes before a point; `then`: the same after it."""

    def __init__(self, numbers: dict[ast.expr, int]) -> None:
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
            if then:
                self._numbers[number] |= POLLED
            number.value = self._numbers[number]
            return self.before(node.args[0], then=False)
        if isinstance(node.func, ast.Name) and node.func.id == KEY:
            return self.block(node.args, then=then)
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
