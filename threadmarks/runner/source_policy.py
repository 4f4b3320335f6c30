"""Finds in a submission's syntax tree what its exercise forbids: imports, and the constructs of `constructs`.

Evidence for a finding, not a boundary: what is put together at run time is not seen, and the sandbox does not rely on it.
Runs in the runner, before the source is executed. Standard library only.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from threadmarks.runner import constructs
from threadmarks.runner.bindings import Scope, literal_getattr, scopes, summands, text_of
from threadmarks.runner.constructs import TABLE

MOST_HITS = 20
"""Rows given at most: a report of more would not be read."""

_PRELUDE = "threadmarks.prelude"
_KIT = "threadmarks"
_WORD = re.compile(r"[A-Za-z_]\w*")
_STANDARD = sys.stdlib_module_names
_SETTERS = ("setattr", "delattr", "__setattr__", "__delattr__")
_FRAME_OF_GENERATOR = ("gi_frame", "cr_frame", "ag_frame")
_IMPORTERS = ("import_module", "__import__")

_MODULES = {module: construct.name for construct in TABLE for module in construct.modules}
_PATHS = {path: construct.name for construct in TABLE for path in construct.paths}
_ATTRIBUTES = {attribute: construct.name for construct in TABLE for attribute in construct.attributes}
_NAMES = {name: construct.name for construct in TABLE for name in construct.names}
_OPENINGS = {opening: construct.name for construct in TABLE for opening in construct.openings}

Hit = tuple[str, str]
"""A kind (`constructs.KINDS`) and what was found, in words that go on "your file uses ..."."""


def policy_hits(tree: ast.Module, policy: Mapping[str, Any]) -> list[list[str | int]]:
    """Rows `[kind, what, line]`, the first line of each thing, ordered by line, `MOST_HITS` of them at most.

    `policy` is a decoded `wire.SourcePolicy`. Imports are seen as `import a.b`, `import a.b as c`, `from a import b`,
    `from a.b import c`, `__import__("a.b")` and `importlib.import_module("a.b")`. Forbidding "a.b" forbids "a.b.c" too, and
    not "a"; allowing "a" allows "a.b".
    """
    matcher = _Matcher(policy)
    first: dict[Hit, int] = {}
    for node, scope in scopes(tree, _PATHS):
        for hit in matcher.hits(node, scope):
            line: int = getattr(node, "lineno", 0)
            first[hit] = min(line, first.get(hit, line))
    rows = sorted((line, kind, what) for (kind, what), line in first.items())
    return [[kind, what, line] for line, kind, what in rows[:MOST_HITS]]


class _Matcher:
    """One policy, held against one node after another, each before its children."""

    def __init__(self, policy: Mapping[str, Any]) -> None:
        self._forbidden = [str(name) for name in policy["forbidden_imports"]]
        self._allowed = [str(name) for name in policy["allowed_imports"]]
        self._replaceable = [str(name) for name in policy["may_replace"]]
        self._reflection = bool(policy["reflection"])
        self._inner: set[int] = set()  # parts of what was looked at as a whole
        self._only_printed: set[int] = set()  # `os.write` in `os.write(1, text)`: output like any other
        self._called: set[int] = set()  # `getattr` in `getattr(x, "name")`: looked at with its arguments
        self._only_asked: set[int] = set()  # `x.gi_frame` in `x.gi_frame is None`: has the generator ended?
        self._reads_own_name: set[int] = set()  # `sys.modules` in `sys.modules[__name__]`

    def hits(self, node: ast.AST, scope: Scope) -> Iterator[Hit]:
        """What the node does that the policy forbids."""
        yield from self._imports(node)
        if self._reflection:
            yield from self._constructs(node, scope)

    # ---- what it imports

    def _imports(self, node: ast.AST) -> Iterator[Hit]:
        for names in _imported(node):
            forbidden = [rule for rule in self._forbidden if any(_within(name, rule) for name in names)]
            if forbidden:
                yield from ((constructs.FORBIDDEN_IMPORT, f"import of {rule}") for rule in forbidden)
                continue
            reached = _construct_of_import(names) if self._reflection else None
            if reached is not None:
                yield reached
            elif not self._may_import(names):
                yield constructs.UNLISTED_IMPORT, f"import of {names[0]}"

    def _may_import(self, names: list[str]) -> bool:
        """Whether one of the spellings is allowed. What is no standard module fails by itself, unless it was handed along."""
        first = names[0].partition(".")[0]
        if not self._allowed or first not in _STANDARD or first == "__future__":
            return True
        return any(_within(name, rule) for name in names for rule in self._allowed)

    # ---- what it reaches into

    def _constructs(self, node: ast.AST, scope: Scope) -> Iterator[Hit]:
        match node:
            case ast.Attribute():
                yield from self._attribute(node, scope)
            case ast.Name():
                yield from self._name(node, scope)
            case ast.Call():
                yield from self._call(node, scope)
            case ast.Subscript(value=ast.Attribute() as table, slice=ast.Name(id="__name__")):
                self._reads_own_name.add(id(table))
            case ast.Compare(left=ast.Attribute() as frame, comparators=[ast.Constant(value=None)]):
                self._only_asked.add(id(frame))
            case ast.Expr(value=ast.Constant() as text):
                self._inner.add(id(text))  # a docstring may speak of anything
            case ast.BinOp(op=ast.Add()) if id(node) not in self._inner:
                yield from self._sum(node)
            case ast.Constant(value=str() as text) if id(node) not in self._inner:
                yield from _text_hits(text)
            case ast.MatchClass():
                yield from ((_ATTRIBUTES[name], name) for name in node.kwd_attrs if name in _ATTRIBUTES)
            case _:
                pass

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Iterator[Hit]:
        asked = node.attr in _FRAME_OF_GENERATOR and id(node) in self._only_asked
        if node.attr in _ATTRIBUTES and not asked:
            yield _ATTRIBUTES[node.attr], node.attr
        stored = not isinstance(node.ctx, ast.Load)
        if stored and node.attr == "__code__":
            yield constructs.CODE_ASSIGNED, "an assignment to __code__"
        path = scope.path_of(node)
        if path and stored:
            yield from self._replaced(path)
        elif path and id(node) not in self._only_printed:
            yield from self._path(path, own=id(node) in self._reads_own_name)
            yield from self._handed_on(node, path)

    def _path(self, path: str, *, own: bool) -> Iterator[Hit]:
        """A dotted name is read."""
        listed = _listed(path)
        if listed is not None:
            yield listed
        elif path == "sys.modules" and not own:
            yield constructs.LOADED_MODULES, path
        elif path.startswith(f"{_KIT}.") and not _within(path, _PRELUDE):
            yield constructs.ENGINE, ".".join(path.split(".")[:2])
        elif path.endswith(".__dict__"):
            yield from self._namespace(path.removesuffix(".__dict__"))

    def _namespace(self, path: str) -> Iterator[Hit]:
        if not any(_within(path, rule) for rule in self._replaceable):
            yield constructs.MODULE_NAMESPACE, f"the namespace of {path}"

    def _name(self, node: ast.Name, scope: Scope) -> Iterator[Hit]:
        if scope.holder(node.id) is None:
            if node.id in _NAMES:
                yield _NAMES[node.id], node.id
            yield from self._handed_on(node, f"builtins.{node.id}")
        elif isinstance(node.ctx, ast.Load):
            path = scope.path_of(node)
            listed = _listed(path)
            if listed is not None:
                yield listed
            yield from self._handed_on(node, path)

    def _handed_on(self, node: ast.expr, path: str) -> Iterator[Hit]:
        """`map(getattr, things, names)`: who calls it, and with which names, nobody can read."""
        if path in constructs.TAKES_NAMES and id(node) not in self._called:
            yield constructs.COMPUTED_ATTRIBUTE, f"{path.rpartition('.')[2]} handed on"

    def _call(self, node: ast.Call, scope: Scope) -> Iterator[Hit]:
        function = node.func
        called = _last_name(function)
        path = scope.path_of(function)
        self._called.add(id(function))
        if path == "os.write" and node.args and _number(node.args[0]) in (1, 2):
            self._only_printed.add(id(function))
        builtin = isinstance(function, ast.Name) and scope.holder(function.id) is None
        whole = f"builtins.{called}" if builtin else path
        yield from self._by_name(node, whole, scope)
        if called in _SETTERS and (builtin or isinstance(function, ast.Attribute)):
            yield from self._set_by_name(node, scope)
        elif path in ("unittest.mock.patch", "unittest.mock.patch.object"):
            yield from self._patched(node, scope, whole=path.endswith("patch"))
        elif called in _IMPORTERS and (builtin or path.startswith(("importlib.", "builtins."))):
            if not node.args or text_of(node.args[0]) is None:
                yield constructs.COMPUTED_IMPORT, "an import by a name that is computed"
        elif builtin and called == "vars" and node.args:
            base = scope.path_of(node.args[0])
            if base:
                yield from self._namespace(base)
        elif builtin and called == "getattr":
            yield from self._got(node, scope)
        elif whole in constructs.OPENERS and any(_is_number(file, scope) for file in _files(node)):
            yield constructs.DESCRIPTORS, "open() of a file descriptor"

    def _by_name(self, node: ast.Call, path: str, scope: Scope) -> Iterator[Hit]:
        """`getattr(x, name)`, `attrgetter(name)`: which attribute that is nobody can read."""
        if path not in constructs.TAKES_NAMES:
            return
        module, _, called = path.rpartition(".")
        if called in _SETTERS and node.args and scope.path_of(node.args[0]):
            return  # a change of something imported, which is told as such
        if module == "builtins":
            names = node.args[1:2]
        else:
            names = node.args[:1] if called == "methodcaller" else node.args
        spread = any(isinstance(argument, ast.Starred) for argument in node.args)
        if spread or any(text_of(name) is None for name in names):
            yield constructs.COMPUTED_ATTRIBUTE, f"{called}() with a name that is computed"

    def _got(self, node: ast.Call, scope: Scope) -> Iterator[Hit]:
        """`getattr(module, "name")`. Names of attributes of anything are found as texts."""
        found = literal_getattr(node)
        path = scope.path_of(node)
        if found is not None and path:
            yield from self._path(path, own=False)

    def _set_by_name(self, node: ast.Call, scope: Scope) -> Iterator[Hit]:
        """`setattr(x, "name", y)`, `x.__setattr__("name", y)`, `type.__setattr__(x, "name", y)`."""
        bound = isinstance(node.func, ast.Attribute)
        targets = [(scope.path_of(node.args[0]), node.args[1:])] if node.args else []
        if isinstance(node.func, ast.Attribute):
            targets.append((scope.path_of(node.func.value), node.args))
        for base, rest in targets:
            name = text_of(rest[0]) if rest else None
            if base:
                yield from self._replaced(f"{base}.{name}" if name else base)
            elif name == "__code__" and not bound:
                yield constructs.CODE_ASSIGNED, "an assignment to __code__"

    def _patched(self, node: ast.Call, scope: Scope, *, whole: bool) -> Iterator[Hit]:
        """`mock.patch("module.name")` and `mock.patch.object(module, "name")`."""
        names = [text_of(argument) for argument in node.args[:2]]
        if whole and names and names[0]:
            yield from self._replaced(names[0])
        elif not whole and len(names) > 1 and (base := scope.path_of(node.args[0])):
            yield from self._replaced(f"{base}.{names[1]}" if names[1] else base)

    def _replaced(self, path: str) -> Iterator[Hit]:
        """Something imported is given another value."""
        if path not in constructs.HOOKS and not any(_within(path, rule) for rule in self._replaceable):
            yield constructs.REPLACED, f"a change of {path}"

    def _sum(self, node: ast.BinOp) -> Iterator[Hit]:
        """Texts that stand beside each other in a sum are read as one."""
        inner: ast.expr = node
        while isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Add):
            self._inner.add(id(inner))
            inner = inner.left
        joined = ""
        for term in summands(node):
            if isinstance(term, ast.Constant) and isinstance(term.value, str):
                self._inner.add(id(term))
                joined += term.value
            else:
                yield from _text_hits(joined)
                joined = ""
        yield from _text_hits(joined)


def _imported(node: ast.AST) -> list[list[str]]:
    """For each thing that a node imports, its dotted names: the module, and the name taken from it."""
    if isinstance(node, ast.Import):
        return [[alias.name] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
        return [[node.module, f"{node.module}.{alias.name}"] for alias in node.names]
    if isinstance(node, ast.Call) and node.args and _last_name(node.func) in _IMPORTERS:
        name = text_of(node.args[0])
        return [[name]] if name else []
    return []


def _construct_of_import(names: list[str]) -> Hit | None:
    """The construct that an import is, by its module or by the name taken from it."""
    if _within(names[0], _KIT) and not any(_within(name, _PRELUDE) for name in names):
        return constructs.ENGINE, f"import of {names[0]}"
    for module, construct in _MODULES.items():
        if _within(names[0], module):
            return construct, f"import of {module}"
    return _listed(names[-1])


def _listed(path: str) -> Hit | None:
    """The construct of a dotted name, or of one that it begins with."""
    while path:
        if path in _PATHS:
            return _PATHS[path], path
        path = path.rpartition(".")[0]
    return None


def _text_hits(text: str) -> Iterator[Hit]:
    for opening, construct in _OPENINGS.items():
        if text == opening or text.startswith(opening + "/"):
            yield construct, f"the path {opening}"
    if "_" in text:
        yield from ((_ATTRIBUTES[word], word) for word in _WORD.findall(text) if word in _ATTRIBUTES)


def _within(name: str, rule: str) -> bool:
    return name == rule or name.startswith(rule + ".")


def _last_name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _number(node: ast.expr) -> int | None:
    return node.value if isinstance(node, ast.Constant) and type(node.value) is int else None


def _files(call: ast.Call) -> list[ast.expr]:
    """What a call of `open` opens."""
    return [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "file")]


def _is_number(node: ast.expr, scope: Scope) -> bool:
    """Whether an expression is a number for every reader: `3`, `int(...)`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id == "int" and scope.holder("int") is None
    return _number(node) is not None
