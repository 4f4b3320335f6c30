"""What is said about a file as a whole: it cannot be loaded, it lacks part of its API, it breaks the exercise's policy,
it is the untouched stub.
"""

import ast
import warnings
from functools import lru_cache

from threadmarks import wire
from threadmarks.judge.accidents import sentence
from threadmarks.judge.decode import Answer, Broken
from threadmarks.judge.failure import Failure, place_at
from threadmarks.judge.outcomes import failure_of_broken
from threadmarks.model import Finding, Verdict
from threadmarks.policy import Policy
from threadmarks.runner import constructs

MOST_POLICY_FINDINGS = 5
"""More than that would hide the rest of a report."""

STUB_COMMENTS = 20_000
"""How many characters of comments a file may hold and still be looked at as a stub."""

_AT_IMPORT = {
    Broken.DIED: "The process of your program was gone while your file was being imported",
    Broken.TIME_LIMIT: "Importing your file did not come to an end",
    Broken.MEMORY_LIMIT: "Importing your file asked for more memory than a run may use",
    Broken.OUTPUT_LIMIT: "Importing your file wrote more output than a run may",
    Broken.MALFORMED: "What came back from importing your file was not an answer",
}

_HINT = " Code at the top level of the file runs at import: keep it to definitions."

_ENDED = {
    "exited": ("exited", "Your file ends the program while it is being imported.", Verdict.CRASHED),
    "spinning": (
        "spinning",
        "Importing your file does not come to an end, or does far too much: define things there, and leave the work to functions.",
        Verdict.HANG,
    ),
    "deadlock": ("deadlock", "Importing your file waits for something that nobody can give.", Verdict.DEADLOCK),
    "stalled": (
        "stalled",
        "Importing your file only waits, again and again, and nothing can happen.",
        Verdict.DEADLOCK,
    ),
}
"""How an import can end without an exception: finding code, message, verdict, by the engine's word for it."""


def file_failure(answer: Answer) -> Failure | None:
    """Why no check can be judged on this file; None when it was loaded and has its whole API."""
    loaded = answer.loaded
    if loaded is None:
        return _broken_at_import(answer)
    if loaded.error is not None and loaded.module:
        return _foundation(loaded.module, loaded.error)
    if loaded.error is not None:
        return _syntax(loaded.error) if loaded.phase == "syntax" else _import(loaded.error)
    return _api(loaded.api) if loaded.api else None


def _broken_at_import(answer: Answer) -> Failure | None:
    if answer.broken is None:
        return None
    failure = failure_of_broken(answer)
    message = _AT_IMPORT.get(answer.broken)
    if message is None:  # a stuck call: its own message names it
        return failure
    detail = f" ({answer.detail})" if answer.detail and answer.broken is not Broken.MALFORMED else ""
    return Failure(
        finding=Finding(code=failure.finding.code, message=f"{message}{detail}.{_HINT}"), verdict=failure.verdict
    )


def _line(error: wire.ErrorRecord) -> int:
    return next((frame.line for frame in reversed(error.frames) if frame.file == "student"), 0)


def _syntax(error: wire.ErrorRecord) -> Failure:
    message = "Your file is not valid Python, so nothing in it could be run."
    text = f"{error.type}: {error.message}"
    finding = Finding(code="syntax-error", message=message, seen=text, place=place_at(_line(error)))
    return Failure(finding=finding, verdict=Verdict.CRASHED)


def _import(error: wire.ErrorRecord) -> Failure:
    if error.type in _ENDED:
        code, message, verdict = _ENDED[error.type]
        return Failure(
            finding=Finding(code=code, message=message + _HINT, place=place_at(_line(error))), verdict=verdict
        )
    text = f"{error.type}: {error.message}" if error.message else error.type
    code, message, verdict = "import-error", "Importing your file raised an exception.", Verdict.CRASHED
    accident = sentence(error)
    if accident:
        message = f"Importing your file failed. {accident}{_HINT}"
    if error.type == "ModuleNotFoundError":
        code = "missing-module"
        message = "Your file imports a module that is not there. An exercise needs only the standard library."
    elif error.type == "SystemExit":
        code, message = "exited", "Your file ends the program while it is being imported."
    elif error.type == "MemoryError":
        code, message = "memory-limit", _AT_IMPORT[Broken.MEMORY_LIMIT] + "."
    return Failure(
        finding=Finding(code=code, message=message, seen=text, place=place_at(_line(error))), verdict=verdict
    )


def _foundation(module: str, error: wire.ErrorRecord) -> Failure:
    """A file that the submission is built upon cannot be loaded; `error`'s lines are that file's."""
    how = {"spinning": "does not come to an end", "exited": "ends the program", "deadlock": "waits for ever"}
    what = how.get(error.type, "waits for ever" if error.type in _ENDED else "fails")
    line = _line(error)
    finding = Finding(
        code="broken-foundation",
        message=f"Your file builds on {module}, and importing {module}.py {what}{f' at its line {line}' if line else ''}.",
        seen=error.type if error.type in _ENDED else f"{error.type}: {error.message}",
        wanted=f"a {module}.py that can be imported; grade {module} first",
    )
    return Failure(finding=finding, verdict=Verdict.CRASHED)


def _api(problems: tuple[wire.ApiProblem, ...]) -> Failure:
    """One finding for the first problem; it counts the others."""
    first = problems[0]
    others = len(problems) - 1
    more = (
        f" ({others} more name{'s' if others > 1 else ''} of the exercise differ{'' if others > 1 else 's'} too.)"
        if others
        else ""
    )
    if first.kind == "missing":
        code, message = "missing-api", f"Your file has no {first.name}, which the exercise asks for.{more}"
        seen = first.seen or "nothing of that name"
    else:
        code, message = "wrong-signature", f"{first.name} cannot be called as the exercise's statement says.{more}"
        seen = first.seen
    finding = Finding(code=code, message=message, seen=seen, wanted=first.wanted, place=place_at(first.line))
    return Failure(finding=finding, verdict=Verdict.FAILED)


def policy_findings(hits: tuple[wire.PolicyHit, ...], policy: Policy) -> tuple[Finding, ...]:
    """One finding for each thing that the exercise forbids, at its first line, the first `MOST_POLICY_FINDINGS` of them."""
    hits = tuple(hit for hit in hits if not hit.module)
    shown = [
        Finding(code="policy", message=_policy_message(hit), means=_policy_means(hit, policy), place=place_at(hit.line))
        for hit in hits[:MOST_POLICY_FINDINGS]
    ]
    more = len(hits) - len(shown)
    if more > 0:
        lines = ", ".join(str(line) for line in sorted({hit.line for hit in hits[MOST_POLICY_FINDINGS:]}))
        shown.append(
            Finding(code="policy", message=f"Your file uses {more} more things that are not allowed (lines {lines}).")
        )
    return tuple(shown)


def _policy_message(hit: wire.PolicyHit) -> str:
    if hit.kind == constructs.UNLISTED_IMPORT:
        return f"Your file imports what is not on this exercise's list: {hit.what}."
    if hit.kind == constructs.FORBIDDEN_IMPORT:
        return f"Your file uses what this exercise forbids: {hit.what}."
    return f"Your file uses what is no part of this exercise: {hit.what}."


def _policy_means(hit: wire.PolicyHit, policy: Policy) -> str:
    if hit.kind == constructs.UNLISTED_IMPORT:
        why = f"Allowed are threadmarks.prelude and {', '.join(policy.allowed_imports)}."
    elif hit.kind == constructs.FORBIDDEN_IMPORT:
        why = "The exercise is to build this yourself; its statement says what it forbids."
    else:
        why = constructs.BY_NAME[hit.kind].why
    return f"{why} At most half of the points are given."


def unchanged_stub(text: str, stub_text: str) -> Finding | None:
    """A note when the file is still the stub; comments and layout do not count."""
    if len(text) > 2 * len(stub_text) + STUB_COMMENTS:  # not looked at: a parser can be kept busy for minutes
        return None
    try:
        with warnings.catch_warnings(action="ignore"):  # about the file's escapes: told by its own run, if at all
            same = ast.dump(ast.parse(text)) == _tree_of_stub(stub_text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # reported elsewhere, with its line
        return None
    if not same:
        return None
    message = (
        "This is still the stub as it was handed out. Write your solution into it; `grade hint` gives a first step."
    )
    return Finding(code="unchanged-stub", message=message, costs_points=False)


@lru_cache(maxsize=64)
def _tree_of_stub(text: str) -> str:
    return ast.dump(ast.parse(text))
