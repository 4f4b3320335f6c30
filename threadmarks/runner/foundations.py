"""The modules of other exercises that a submission is built upon: made ready once, run anew for each schedule.

One of the student's own is searched and made preemptible like the file that is graded. An opaque one, a reference
solution, arrives compiled: no source, no docstrings, no line numbers of it exist in this process. It has no points of its
own; the locks and waits in it are controlled like those of the standard library. Standard library only.
"""

import ast
import base64
import marshal
from dataclasses import dataclass
from types import CodeType, ModuleType
from typing import Any

from threadmarks.runner import emit, loading, preemption, source_policy

Rows = list[list[str | int]]
"""Rows of `source_policy.policy_hits`, each with the module's name at its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """One module, ready to be run."""

    name: str
    filename: str
    code: CodeType
    own: bool  # the student's, and no reference solution

    def load(self) -> ModuleType:
        """Run its body as a fresh module, which imports by its name then give."""
        module = loading.fresh_module(self.name, self.filename)
        exec(self.code, module.__dict__)
        return module


def file_of(dependency: dict[str, Any]) -> str:
    """The name that the module's frames have."""
    name = dependency["module"]
    return f"<{name}>" if dependency["opaque"] else f"{name}.py"


def preemptible(dependency: dict[str, Any], hits: Rows) -> Foundation:
    """A decoded `wire.Dependency`, for controlled runs. What its policy forbids is added to `hits`, unless another run has looked.

    Raises SyntaxError and whatever else the compiler raises on odd input, for one of the student's own.
    """
    if dependency["opaque"]:
        return _opaque(dependency)
    filename, policy = file_of(dependency), dependency["policy"]
    if dependency["compiled"]:
        return Foundation(
            name=dependency["module"], filename=filename, code=emit.code_of(dependency["compiled"]), own=True
        )
    compile(dependency["source"], filename, "exec", dont_inherit=True)  # for the compiler's own words on what is wrong
    tree = ast.parse(dependency["source"], filename)
    if policy is not None:
        hits += [[*row, dependency["module"]] for row in source_policy.policy_hits(tree, policy)]
    preemption.instrument_beside(tree)
    code = compile(tree, filename, "exec", dont_inherit=True)
    return Foundation(name=dependency["module"], filename=filename, code=code, own=True)


def plain(dependency: dict[str, Any]) -> Foundation:
    """The same for plain runs: nothing is put in. Raises as `preemptible` does."""
    if dependency["opaque"]:
        return _opaque(dependency)
    filename = file_of(dependency)
    code = compile(dependency["source"], filename, "exec", dont_inherit=True)
    return Foundation(name=dependency["module"], filename=filename, code=code, own=True)


def _opaque(dependency: dict[str, Any]) -> Foundation:
    code = marshal.loads(base64.b64decode(dependency["opaque"]))  # noqa: S302  # the judge's own, for this interpreter
    return Foundation(name=dependency["module"], filename=file_of(dependency), code=code, own=False)
