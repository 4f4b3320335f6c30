"""Compares a freshly loaded submission with the API that its exercise promises.

Lenient where a caller cannot tell the difference: optional extras, `*args` and `**kwargs` are fine. Looks at objects below
their own hooks (a metaclass, a `__class__` property, a `__getattribute__` are the submission's code) and reads signatures
with `inspect`; whatever a submission's tricks raise there is taken as "cannot tell", which is no problem. Runs in the
runner. Standard library only.
"""

import inspect
from types import FunctionType, ModuleType
from typing import Any

Row = list[Any]
_TRICKS = (Exception, SystemExit, KeyboardInterrupt, GeneratorExit)
"""What a hostile `__signature__` may raise. Not BaseException: the engine's own signals must pass."""

_CALLED_BY_NAME = frozenset({"__init__", "__new__", "__call__"})
"""Special methods whose parameters a caller may name."""

_MISSING = object()

_mro_of = type.__dict__["__mro__"].__get__
_namespace_of = type.__dict__["__dict__"].__get__
_name_of = type.__dict__["__name__"].__get__


def api_problems(module: ModuleType, api: list[Row]) -> list[Row]:
    """Rows `[kind, name, wanted, seen, line]` for each promised name that is missing or cannot be called as promised.

    `api` holds decoded `wire.ApiEntry` rows. One row a name; the methods of a missing class are not listed again.
    """
    problems: list[Row] = []
    absent: set[str] = set()
    for name, is_class, wanted, parameters in api:
        owner, _, attribute = name.rpartition(".")
        if owner in absent:
            continue
        target = _find(module, owner, attribute)
        if target is _MISSING:
            problems.append(["missing", name, wanted, "", _line(vars(module).get(owner))])
            absent.add(name)
        elif is_class:
            if not _is_class(target):
                problems.append(["not-callable", name, wanted, _kind(target), _line(target)])
                absent.add(name)
        else:
            problems += _compare(name, wanted, parameters, target, bound=bool(owner))
    return problems


def _is_class(target: object) -> bool:
    return issubclass(type(target), type)  # isinstance would ask the object for its `__class__`


def _kind(target: object) -> str:
    return f"a {_name_of(type(target))}"


def _find(module: ModuleType, owner: str, attribute: str) -> object:
    """A module's name, or a class's attribute, without running a descriptor."""
    namespace = vars(module)
    if not owner:
        return namespace.get(attribute, _MISSING)
    holder = namespace.get(owner, _MISSING)
    return _static(holder, attribute) if _is_class(holder) else _MISSING


def _static(holder: object, attribute: str) -> object:
    """An attribute of a class, looked up along its bases as `type` itself would."""
    for base in _mro_of(holder):
        namespace = _namespace_of(base)
        if attribute in namespace:
            return namespace[attribute]
    return _MISSING


def _compare(name: str, wanted: str, parameters: list[Row], target: object, *, bound: bool) -> list[Row]:
    """The problem of one function or method, as a list of at most one row."""
    if type(target) is staticmethod:
        bound = False
    if type(target) in (staticmethod, classmethod):
        target = target.__func__  # type: ignore[attr-defined]  # both have it
    if not callable(target):
        if bound and _static(type(target), "__get__") is not _MISSING:
            return []  # a descriptor of the submission's own: what it gives shows only in a run
        return [["not-callable", name, wanted, _kind(target), 0]]
    if target is object.__init__:
        return [["signature", name, wanted, "()", 0]] if any(required for _, _, required in parameters) else []
    try:
        signature = inspect.signature(target)
    except _TRICKS:
        return []
    if bound:
        if not signature.parameters:
            return [["signature", name, wanted, "() without self", _line(target)]]
        signature = _without_self(signature)
        parameters = _as_called(name, parameters)
    if _can_be_called(signature, parameters):
        return []
    return [["signature", name, wanted, f"{name}{_written(signature)}", _line(target)]]


def _without_self(signature: inspect.Signature) -> inspect.Signature:
    """The signature as a caller of a method sees it. `*args` takes self and stays."""
    first, *others = signature.parameters.values()
    if first.kind in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD):
        return signature.replace(parameters=others)
    return signature


def _as_called(name: str, parameters: list[Row]) -> list[Row]:
    """The interpreter calls a special method by position: the names of its parameters are free."""
    method = name.rpartition(".")[2]
    if not method.startswith("__") or method in _CALLED_BY_NAME:
        return parameters
    return [[text, kind.replace("_OR_KEYWORD", "_ONLY"), required] for text, kind, required in parameters]


def _can_be_called(signature: inspect.Signature, parameters: list[Row]) -> bool:
    """Whether every call that the stub allows is possible: all positional, all required only, by keyword."""
    kinds = [kind for _, kind, _ in parameters]
    positional = [row for row in parameters if row[1] in ("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD")]
    required_by_name = {name: None for name, kind, required in parameters if kind == "KEYWORD_ONLY" and required}
    by_name = {name: None for name, kind, _ in parameters if kind == "KEYWORD_ONLY"}
    further = [None] * 3 if "VAR_POSITIONAL" in kinds else []
    if "VAR_KEYWORD" in kinds:
        by_name["any_keyword_at_all"] = None
    fewest = [None for _, _, required in positional if required]
    calls: list[tuple[list[None], dict[str, None]]] = [
        ([None] * len(positional) + further, by_name),
        (fewest, required_by_name),
    ]
    if not further:  # with *args behind them, nobody can pass the first ones by keyword as well
        strictly = [None for _, kind, _ in positional if kind == "POSITIONAL_ONLY"]
        named = {name: None for name, kind, _ in positional if kind == "POSITIONAL_OR_KEYWORD"}
        calls.append((strictly, {**named, **by_name}))
    return all(_binds(signature, arguments, keywords) for arguments, keywords in calls)


def _binds(signature: inspect.Signature, arguments: list[None], keywords: dict[str, None]) -> bool:
    try:
        signature.bind(*arguments, **keywords)
    except TypeError:
        return False
    return True


def _written(signature: inspect.Signature) -> str:
    """The names alone: annotations and defaults may have a `__repr__` of the submission's."""
    plain = [
        parameter.replace(annotation=inspect.Parameter.empty, default=inspect.Parameter.empty)
        for parameter in signature.parameters.values()
    ]
    return str(signature.replace(parameters=plain, return_annotation=inspect.Signature.empty))


def _line(target: object) -> int:
    """The line on which a function, or a class's first method, is defined; 0 when that cannot be told."""
    if type(target) is FunctionType:
        return target.__code__.co_firstlineno
    if _is_class(target):
        members = _namespace_of(target).values()
        return min((item.__code__.co_firstlineno for item in members if type(item) is FunctionType), default=0)
    return 0
