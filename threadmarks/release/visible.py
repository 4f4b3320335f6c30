"""A grader without its hidden checks: of each file, only what the visible checks need, directly or not.

What is kept is kept as it stands; everything between (comments, docstrings of the file) is dropped, for it may speak of what is hidden. A name
is needed where it is named in code, and where a text is exactly it: checks name scenarios and witnesses by texts. Must not import a grader.
"""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from threadmarks.catalog import Exercise, read_content
from threadmarks.errors import AuthoringError

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What a check's declaration says, as far as it can be read without importing it."""

    name: str
    title: str
    points: int
    visible: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Visible:
    """A grader's files by name, and how much is not in them."""

    files: Mapping[str, str]
    hidden: int
    hidden_points: int


def declared(exercise: Exercise) -> tuple[Declared, ...]:
    """The exercise's checks, in order. Raises AuthoringError for one whose declaration is not written out."""
    where = str(exercise.checks)
    tree = _parsed(read_content(exercise.checks), where)
    return tuple(found for node in tree.body if isinstance(node, _Function) and (found := _declaration(node, where)))


def visible(exercise: Exercise) -> Visible:
    """The exercise's grader as students may see it. Raises AuthoringError."""
    checks = declared(exercise)
    hidden = [check for check in checks if not check.visible]
    roots = {f"test_{check.name}" for check in checks if check.visible}
    text = _only(read_content(exercise.checks), roots, f"The visible checks of {exercise.id}.", str(exercise.checks))
    named = _texts(text)
    files = {exercise.checks.name: text}
    for path, says in (
        (exercise.scenarios, "What the visible checks do with"),
        (exercise.witness, "What is watched of"),
    ):
        if path.is_file():
            files[path.name] = _only(read_content(path), named, f"{says} a submission to {exercise.id}.", str(path))
    return Visible(files=files, hidden=len(hidden), hidden_points=sum(check.points for check in hidden))


def _declaration(node: _Function, where: str) -> Declared | None:
    """The `@check(...)` of a function; None when it has none."""
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id == "check":
            try:
                said = {each.arg: ast.literal_eval(each.value) for each in decorator.keywords if each.arg in _READ}
            except ValueError:
                raise AuthoringError(
                    f"{where}: {node.name}: points, title and visibility must be written out"
                ) from None
            return Declared(
                name=node.name.removeprefix("test_"),
                title=str(said.get("title", "")),
                points=int(said.get("points", 0)),
                visible=said.get("visibility", "hidden") == "visible",
            )
    return None


_READ = ("points", "title", "visibility")


def _only(text: str, roots: Iterable[str], says: str, where: str) -> str:
    """The file's text with what the functions `roots` need, and a docstring of its own."""
    tree, lines = _parsed(text, where), text.split("\n")
    nodes = [node for node in tree.body if not _is_text(node)]
    owners = {name: node for node in nodes for name in _names(node)}
    waiting = [owners[name] for name in roots if name in owners]
    waiting += [node for node in nodes if not _names(node)]
    needed = list(waiting)
    while waiting:
        for inner in ast.walk(waiting.pop()):
            name = inner.id if isinstance(inner, ast.Name) else inner.value if isinstance(inner, ast.Constant) else None
            node = owners.get(name) if isinstance(name, str) else None
            if node is not None and node not in needed:
                needed.append(node)
                waiting.append(node)
    parts: list[str] = []
    for node in nodes:
        if node in needed:
            first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])
            parts.append("\n".join(lines[first - 1 : node.end_lineno]))
    return f'"""{says}"""\n\n' + "\n\n\n".join(parts) + "\n"


def _names(node: ast.stmt) -> tuple[str, ...]:
    """The names that a statement at the top of a file gives a meaning; none for one that only does something."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return (node.name,)
        case ast.Import() | ast.ImportFrom():
            return tuple((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        case ast.Assign():
            return tuple(each.id for target in node.targets for each in ast.walk(target) if isinstance(each, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            return (name,)
        case _:
            return ()


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _texts(text: str) -> set[str]:
    """Every text that stands in code."""
    return {
        node.value
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def _parsed(text: str, where: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as problem:
        raise AuthoringError(f"{where}: {problem}") from None
