"""`check`: declares a check, its title, its points, and what it teaches.

The decorated function stays what it was, an async pytest test; the declaration travels on it as an attribute.
"""

import inspect
from collections.abc import Callable, Coroutine
from typing import Any, Literal, TypeVar

from threadmarks.errors import AuthoringError
from threadmarks.model import CheckSpec, Evidence, Visibility

Test = TypeVar("Test", bound=Callable[..., Coroutine[Any, Any, None]])
_ATTRIBUTE = "threadmarks_check"
_PREFIX = "test_"


def check(  # noqa: PLR0913  # a declaration: all by keyword
    *,
    points: int,
    title: str,
    concept: str,
    evidence: Literal["outside", "trace"] = "trace",
    visibility: Literal["visible", "hidden"] = "hidden",
    about: str = "",
    witness: str | tuple[str, ...] = (),
) -> Callable[[Test], Test]:
    """Declare an `async def test_<name>(run)` or `(explore)` as a check called `<name>`.

    `title` is a sentence about behaviour that the student reads. `points` 0 is a demonstration. `about` names the part of
    the API that is judged ("ThreadPool.close"): a finding without a line of its own points there. `witness` names the
    functions `@witness` of the same file that may contest a pass; evidence from outside needs one. Raises AuthoringError.
    """

    def declare(function: Test) -> Test:
        name = function.__name__
        if not name.startswith(_PREFIX) or not inspect.iscoroutinefunction(function):
            raise AuthoringError(f"{name}: a check is an `async def {_PREFIX}...`")
        if type(points) is not int or points < 0 or not title.strip():
            raise AuthoringError(f"{name}: a check needs a title and a whole number of points, 0 or more")
        if evidence == "outside" and not witness:
            raise AuthoringError(f"{name}: evidence from outside needs a witness (or it is evidence of the trace)")
        try:
            spec = CheckSpec(
                name=name.removeprefix(_PREFIX),
                title=title,
                points=points,
                visibility=Visibility(visibility),
                concept=concept,
                evidence=Evidence(evidence),
                about=about,
                witness=(witness,) if isinstance(witness, str) else witness,
            )
        except ValueError as problem:
            raise AuthoringError(f"{name}: {problem}") from None
        setattr(function, _ATTRIBUTE, spec)
        return function

    return declare


Watching = TypeVar("Watching", bound=Callable[..., None])
_WITNESS = "threadmarks_witness"


def witness(scenario: str) -> Callable[[Watching], Watching]:
    """Declare the judge's half of a witness: `def name(watch: Watch)` watches a plain run of `scenario` in `witness.py`."""

    def declare(function: Watching) -> Watching:
        setattr(function, _WITNESS, scenario)
        return function

    return declare


def scenario_of(function: object) -> str | None:
    """The scenario that a witness function watches; None when it is none."""
    scenario = getattr(function, _WITNESS, None)
    return scenario if isinstance(scenario, str) else None


def spec_of(function: object) -> CheckSpec | None:
    """The declaration on a test function; None when it carries none."""
    spec = getattr(function, _ATTRIBUTE, None)
    return spec if isinstance(spec, CheckSpec) else None
