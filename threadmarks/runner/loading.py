"""Loading a student's source: compile, then run its body as a module of its own.

Each schedule gets a fresh module from the same code object, so nothing of an earlier schedule is left in its globals.
"""

import ast
import builtins
import linecache
import sys
from collections.abc import Callable
from types import CodeType, ModuleType
from typing import Any, NoReturn

from threadmarks.runner import preemption
from threadmarks.runner.sites import Sites


def compile_student(
    source: str, filename: str, policy: Callable[[ast.Module], None], *, keys: bool = False
) -> tuple[CodeType, Sites]:
    """Compile and make preemptible, with the table of its points; `policy` sees the tree as the student wrote it.

    `keys`: for a run that tells what it touches.

    Raises SyntaxError and whatever else the compiler raises on odd input.
    """
    tree = ast.parse(source, filename)
    policy(tree)
    sites = preemption.instrument(tree, keys=keys)
    return compile(tree, filename, "exec", dont_inherit=True), sites


def show_source(source: str, filename: str) -> None:
    """Let tracebacks quote it: there is no such file."""
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)


def fresh_module(name: str, filename: str) -> ModuleType:
    """An empty module under `name`, visible to its own body."""
    module = ModuleType(name)
    module.__file__ = filename
    sys.modules[name] = module
    return module


def _exit(code: Any = None) -> NoReturn:
    """`exit()` and `quit()`, which come from `site` and are therefore missing here."""
    raise SystemExit(code)


def install_builtins() -> None:
    """Add the names that an interactive user takes for builtins, and the one that instrumented code calls."""
    preemption.install()
    install_exits()


def install_exits() -> None:
    """Add `exit` and `quit`."""
    for name in ("exit", "quit"):
        if not hasattr(builtins, name):
            setattr(builtins, name, _exit)
