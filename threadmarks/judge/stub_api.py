"""What a stub promises: its public functions, classes and methods, taken from its syntax tree.

The stub is never imported. Attributes and properties are not part of it: whether an instance has them is a check's
business, because only a run can tell.
"""

import ast
from functools import lru_cache

from threadmarks.errors import AuthoringError
from threadmarks.wire import ApiEntry

Function = ast.FunctionDef | ast.AsyncFunctionDef
_ATTRIBUTE_MAKERS = frozenset({"property", "cached_property", "setter", "getter", "deleter"})


@lru_cache(maxsize=64)
def api_entries(stub_text: str, where: str) -> tuple[ApiEntry, ...]:
    """The rows of a stub's API, in its order; made once for a text. Raises AuthoringError when the stub is not Python."""
    entries: list[ApiEntry] = []
    for node in parse_content(stub_text, where).body:
        if isinstance(node, Function) and _is_public(node.name):
            entries.append(_function(node, node.name, bound=False))
        elif isinstance(node, ast.ClassDef) and _is_public(node.name):
            entries.append(ApiEntry(name=node.name, is_class=True, signature=f"class {node.name}", parameters=()))
            entries += _methods(node)
    return tuple(entries)


def parse_content(text: str, where: str) -> ast.Module:
    """The syntax tree of a content file. Raises AuthoringError when it is not Python."""
    try:
        return ast.parse(text)
    except SyntaxError as problem:
        raise AuthoringError(f"{where}: line {problem.lineno}: {problem.msg}") from None


def _is_public(name: str) -> bool:
    return not name.startswith("_") or (name.startswith("__") and name.endswith("__"))


def _methods(node: ast.ClassDef) -> list[ApiEntry]:
    entries = []
    for item in node.body:
        if isinstance(item, Function) and _is_public(item.name):
            decorators = {_last_name(decorator) for decorator in item.decorator_list}
            if not decorators & _ATTRIBUTE_MAKERS:
                entries.append(_function(item, f"{node.name}.{item.name}", bound="staticmethod" not in decorators))
    return entries


def _last_name(decorator: ast.expr) -> str:
    """`name` of `@name`, `@module.name` and `@name(...)`."""
    if isinstance(decorator, ast.Call):
        return _last_name(decorator.func)
    if isinstance(decorator, ast.Attribute):
        return decorator.attr
    return decorator.id if isinstance(decorator, ast.Name) else ""


def _function(node: Function, name: str, *, bound: bool) -> ApiEntry:
    arguments = node.args
    positional = [(argument.arg, "POSITIONAL_ONLY") for argument in arguments.posonlyargs]
    positional += [(argument.arg, "POSITIONAL_OR_KEYWORD") for argument in arguments.args]
    first_default = len(positional) - len(arguments.defaults)
    rows = [(text, kind, number < first_default) for number, (text, kind) in enumerate(positional)]
    if bound:
        rows = rows[1:]
    if arguments.vararg:
        rows.append((arguments.vararg.arg, "VAR_POSITIONAL", False))
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        rows.append((argument.arg, "KEYWORD_ONLY", default is None))
    if arguments.kwarg:
        rows.append((arguments.kwarg.arg, "VAR_KEYWORD", False))
    return ApiEntry(
        name=name, is_class=False, signature=f"{name}{_written(arguments, bound=bound)}", parameters=tuple(rows)
    )


def _written(arguments: ast.arguments, *, bound: bool) -> str:
    """The parameters as a caller sees them, without annotations: "(size, name='worker')"."""
    bare = ast.parse(f"def f({ast.unparse(arguments)}): ...").body[0]
    assert isinstance(bare, ast.FunctionDef)
    for node in ast.walk(bare.args):
        if isinstance(node, ast.arg):
            node.annotation = None
    if bound:
        (bare.args.posonlyargs or bare.args.args)[:1] = []
        if len(bare.args.defaults) > len(bare.args.posonlyargs) + len(bare.args.args):
            del bare.args.defaults[0]
    return f"({ast.unparse(bare.args)})"
