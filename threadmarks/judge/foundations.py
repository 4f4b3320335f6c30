"""What a submission is built upon: for each exercise that it may import, the student's own file or the reference solution.

The student's own goes to the runner as source, is searched by its own exercise's policy and scheduled like the file that is
graded. A reference solution goes there compiled, without its source, docstrings and line numbers. Compiles text, runs
none of it; which of the two it is, is the caller's to say.
"""

import marshal
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType

import msgspec

from threadmarks import wire
from threadmarks.catalog import Exercise, foundations, read_content
from threadmarks.errors import AuthoringError
from threadmarks.model import Finding
from threadmarks.sandbox.saferead import Source

OPTIMIZE = 2
"""The compiler's level at which docstrings and assertions are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """One exercise that a submission is built upon, and the file that stands for it."""

    exercise: Exercise
    source: Source
    own: bool  # False: the reference solution
    passed: bool = True  # False: it is known not to pass its own exercise


def references(exercise: Exercise) -> tuple[Foundation, ...]:
    """The reference solutions of everything that an exercise builds on, in the order of loading. Raises AuthoringError."""
    return tuple(
        Foundation(exercise=each, source=Source(file=each.file_name, text=read_content(each.reference)), own=False)
        for each in foundations(exercise)
    )


def dependencies(built_upon: Sequence[Foundation]) -> tuple[wire.Dependency, ...]:
    """What is sent to a runner. Raises AuthoringError when a reference solution is not Python."""
    return tuple(
        wire.Dependency(module=each.exercise.id, source=each.source.text, policy=source_policy(each.exercise))
        if each.own
        else wire.Dependency(module=each.exercise.id, opaque=_compiled(each.exercise, each.source.text))
        for each in built_upon
    )


def with_code(sent: tuple[wire.Dependency, ...], compiled: wire.Compiled | None) -> tuple[wire.Dependency, ...]:
    """The same with what another run made of those that are the student's own."""
    if compiled is None:
        return sent
    codes = iter(compiled.dependencies)
    return tuple(each if each.opaque else msgspec.structs.replace(each, compiled=next(codes)) for each in sent)


def source_policy(exercise: Exercise) -> wire.SourcePolicy:
    """What a file is searched for: modules of other exercises that it builds on may be imported, of course."""
    policy = exercise.meta.policy
    return wire.SourcePolicy(
        allowed_imports=policy.allowed_imports and (*policy.allowed_imports, *exercise.meta.builds_on),
        forbidden_imports=policy.forbidden_imports,
        reflection=policy.reflection == "forbidden",
        may_replace=policy.may_replace,
    )


@lru_cache(maxsize=64)
def _compiled(exercise: Exercise, text: str) -> bytes:
    """A reference solution's code; made once for a text."""
    try:
        code = compile(text, f"<{exercise.id}>", "exec", dont_inherit=True, optimize=OPTIMIZE)
    except SyntaxError as problem:
        raise AuthoringError(f"{exercise.reference}: line {problem.lineno}: {problem.msg}") from None
    return marshal.dumps(_without_lines(code))


def _without_lines(code: CodeType) -> CodeType:
    """The code, and all code in it, without its table of lines: what runs does not need it."""
    constants = tuple(_without_lines(each) if isinstance(each, CodeType) else each for each in code.co_consts)
    return code.replace(co_consts=constants, co_linetable=b"", co_firstlineno=1)


def told(built_upon: Sequence[Foundation]) -> dict[str, str]:
    """The report's entry on what the file was built upon; none when it stands alone."""
    if not built_upon:
        return {}
    files = (f"your own {each.source.file}" if each.own else _reference(each) for each in built_upon)
    return {"built_upon": ", ".join(files)}


def _reference(foundation: Foundation) -> str:
    return f"the reference solution of {foundation.exercise.id}"


def foundation_findings(hits: Sequence[wire.PolicyHit], built_upon: Sequence[Foundation]) -> tuple[Finding, ...]:
    """One finding for each file of the student's own that breaks its exercise's policy, and a note for each that does not
    pass its exercise.
    """
    findings = []
    for each in built_upon:
        name = each.source.file
        found = [hit for hit in hits if hit.module == each.exercise.id]
        if found:
            seen = "; ".join(f"line {hit.line}: {hit.what}" for hit in found)
            message = f"{name}, on which your file builds, uses what {each.exercise.id} does not allow."
            means = "What you build on counts as yours. At most half of the points are given."
            findings.append(Finding(code="policy", message=message, seen=seen, means=means))
        if not each.passed:
            message = (
                f"{name}, on which your file builds, does not pass {each.exercise.id}: grade {each.exercise.id} first."
            )
            means = "What fails here may fail because of what is below it."
            findings.append(Finding(code="unproven-foundation", message=message, means=means, costs_points=False))
    return tuple(findings)
