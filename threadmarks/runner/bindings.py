"""Which names of a source stand for something imported: `import threading as t` makes `t.Thread` "threading.Thread".

Scopes as Python has them, so that a parameter `queue` is not the module `queue`. A name that its scope also gives another
value is nobody's: an honest file must not be accused for a name. Read from the syntax tree alone. Standard library only.
"""

import ast
from collections.abc import Iterable, Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
OPENS_SCOPE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)  # fmt: skip
LONGEST_PATH = 12
"""No dotted name of interest has more parts; longer chains are not followed."""
LONGEST_ALIAS = 4
"""How many `a = b` are followed to an import."""

_Value = str | ast.expr | None
"""A dotted path, an expression that may be an alias, or None for any other value."""


class Scope:
    """The names of one scope, and the scope around it."""

    def __init__(self, parent: "Scope | None", *, is_class: bool = False) -> None:
        self.parent = parent
        self.is_class = is_class
        self.values: dict[str, list[_Value]] = {}
        self._paths: dict[str, str] = {}  # what names stand for, asked for when all of them are known
        self.declared: set[str] = set()  # `global` and `nonlocal`: bound elsewhere

    def bind(self, name: str, value: _Value) -> None:
        """Note one value that the name is given here."""
        if name in self.declared:
            value, scope = None, self.module()  # a name that functions rebind is nobody's
        else:
            scope = self
        scope.values.setdefault(name, []).append(value)

    def module(self) -> "Scope":
        """The outermost scope."""
        return self if self.parent is None else self.parent.module()

    def holder(self, name: str) -> "Scope | None":
        """The scope that a use of the name here refers to; None for a builtin."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.values and (scope is self or not scope.is_class):
                return scope
            scope = scope.parent
        return None

    def path_of(self, node: ast.expr, depth: int = 0) -> str:
        """The dotted path that an expression stands for, through imports, aliases and `getattr(x, "name")`; "" for none."""
        parts: list[str] = []
        while len(parts) < LONGEST_PATH:
            if isinstance(node, ast.Attribute):
                parts.append(node.attr)
                node = node.value
            elif (step := literal_getattr(node)) is not None and self.holder("getattr") is None:
                parts.append(step[1])
                node = step[0]
            elif isinstance(node, ast.Name):
                base = self._imported(node.id, depth)
                return ".".join([base, *reversed(parts)]) if base else ""
            else:
                return ""
        return ""

    def _imported(self, name: str, depth: int) -> str:
        """The path of a name; "" when it may be something else."""
        holder = self.holder(name)
        if holder is None or depth > LONGEST_ALIAS:
            return ""
        if name not in holder._paths:
            holder._paths[name] = holder._only_path(name, depth)
        return holder._paths[name]

    def _only_path(self, name: str, depth: int) -> str:
        paths = set()
        for value in self.values[name]:
            match value:
                case ast.Constant(value=None):
                    continue  # `except ImportError: json = None`
                case ast.Name(id=same) if same == name:
                    continue  # `time = time`
                case ast.expr():
                    paths.add(self.path_of(value, depth + 1))
                case _:
                    paths.add(value or "")
        return paths.pop() if len(paths) == 1 else ""


def literal_getattr(node: ast.AST) -> tuple[ast.expr, str] | None:
    """`x` and "name" of `getattr(x, "name")`; None for anything else."""
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "getattr"
        and len(node.args) > 1
    ):
        name = text_of(node.args[1])
        if name is not None:
            return node.args[0], name
    return None


def text_of(node: ast.expr) -> str | None:
    """The text that an expression of literal texts is: "tb_" "frame", "tb_" + "frame"; None for any other."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = [
            part.value for part in summands(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)
        ]
        return "".join(parts) if len(parts) == len(summands(node)) else None
    return None


def summands(node: ast.BinOp) -> list[ast.expr]:
    """The terms of a sum, from left to right, however deep it is nested on its left."""
    terms: list[ast.expr] = []
    left: ast.expr = node
    while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add):
        terms.append(left.right)
        left = left.left
    return [left, *reversed(terms)]


def scopes(tree: ast.Module, watched: Iterable[str]) -> Iterator[tuple[ast.AST, Scope]]:
    """Every node of the tree with the scope that it is read in; each scope's names are complete when it is given.

    `watched` are dotted paths that `from module import *` may make known.
    """
    stars: dict[str, list[str]] = {}
    for path in watched:
        module, _, name = path.rpartition(".")
        if not name.startswith("_"):
            stars.setdefault(module, []).append(name)
    top = Scope(None)
    order: list[tuple[ast.AST, Scope]] = []
    stack: list[tuple[ast.AST, Scope]] = [(tree, top)]
    while stack:  # not recursive: a sum of a thousand terms is a thousand levels deep
        node, scope = stack.pop()
        order.append((node, scope))
        _bind(node, scope, stars)
        stack.extend(reversed(list(_children(node, scope))))
    yield from order


def _children(node: ast.AST, scope: Scope) -> Iterator[tuple[ast.AST, Scope]]:
    """A node's children, each with its scope: a function's body is read in its own, its defaults around it."""
    if not isinstance(node, OPENS_SCOPE):
        for child in ast.iter_child_nodes(node):
            yield child, scope
        return
    inner = Scope(scope, is_class=isinstance(node, ast.ClassDef))
    if isinstance(node, Function):
        _bind_parameters(node.args, inner)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        _declare(node, inner)
    outside = _read_outside(node)
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.arguments):
            yield from ((part, scope) for part in ast.iter_child_nodes(child))
        else:
            yield child, scope if any(child is part for part in outside) else inner


def _read_outside(node: ast.AST) -> list[ast.AST]:
    """The children that are read in the scope around: decorators, annotations, base classes, the first iterable."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return [*node.decorator_list, *([node.returns] if node.returns else [])]
        case ast.ClassDef():
            return [*node.decorator_list, *node.bases, *node.keywords]
        case _:
            return []  # a comprehension's first iterable too, but the names that it binds are not used there


def _declare(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, scope: Scope) -> None:
    """Note `global` and `nonlocal` before any name is bound."""
    stack: list[ast.AST] = list(node.body)
    while stack:
        each = stack.pop()
        if isinstance(each, ast.Global | ast.Nonlocal):
            scope.declared.update(each.names)
        if not isinstance(each, (*OPENS_SCOPE, ast.expr)):
            stack.extend(ast.iter_child_nodes(each))


def _bind_parameters(arguments: ast.arguments, scope: Scope) -> None:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    for argument in every:
        if argument is not None:
            scope.bind(argument.arg, None)


def _bind(node: ast.AST, scope: Scope, stars: dict[str, list[str]]) -> None:
    """Note the names that a node binds in its scope, with what they stand for where that can be followed."""
    match node:
        case ast.Import():
            for alias in node.names:
                first = alias.name.partition(".")[0]
                scope.bind(alias.asname or first, alias.name if alias.asname else first)
        case ast.ImportFrom():
            _bind_from(node, scope, stars)
        case ast.Assign():
            for target in node.targets:
                if isinstance(target, ast.Name):
                    scope.bind(target.id, node.value)
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            scope.bind(name, value)
        case ast.NamedExpr(target=ast.Name(id=name), value=value):
            scope.bind(name, value)
        case _:
            for name in _rebound(node):
                scope.bind(name, None)


def _rebound(node: ast.AST) -> list[str]:
    """The names that a node gives a value that is not followed."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.ExceptHandler() | ast.MatchAs() | ast.MatchStar():
            return [node.name] if node.name else []
        case ast.For() | ast.AsyncFor() | ast.comprehension() | ast.AugAssign():
            return _names(node.target)
        case ast.withitem(optional_vars=ast.expr() as target):
            return _names(target)
        case ast.Tuple(ctx=ast.Store()) | ast.List(ctx=ast.Store()):
            return _names(node)
        case _:
            return []


def _bind_from(node: ast.ImportFrom, scope: Scope, stars: dict[str, list[str]]) -> None:
    module = node.module or ""
    for alias in node.names:
        if node.level:
            scope.bind(alias.asname or alias.name, None)
        elif alias.name == "*":
            for name in stars.get(module, ()):
                scope.bind(name, f"{module}.{name}")
        else:
            scope.bind(alias.asname or alias.name, f"{module}.{alias.name}")


def _names(target: ast.expr) -> list[str]:
    """The names in a target; those of nested tuples are found when these are visited."""
    parts = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
    plain = [part.value if isinstance(part, ast.Starred) else part for part in parts]
    return [part.id for part in plain if isinstance(part, ast.Name)]
