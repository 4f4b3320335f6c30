"""Plain values: what a scenario may put on the record.

Exact types only. A subclass of int or str could lie about itself later, and a foreign object could run its own code while
it is encoded; both are recorded as the name of their type.
"""

from typing import Any

MAX_DEPTH = 8
MAX_ITEMS = 20_000
MAX_TEXT = 20_000


def plain(value: Any, depth: int = 0) -> Any:
    """`value` as JSON knows it, or {"type": name}."""
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is int:
        return value if -(1 << 63) <= value < (1 << 63) else {"type": "int", "bits": value.bit_length()}
    if kind is float:
        return value if value - value == 0 else {"type": "float", "text": str(value)}  # JSON has no inf and no nan
    if kind is str:
        return _printable(value[:MAX_TEXT])
    if depth < MAX_DEPTH:
        if kind in (list, tuple):
            return [plain(item, depth + 1) for item in value[:MAX_ITEMS]]
        if kind is dict and all(type(key) is str for key in value):
            return {_printable(key): plain(item, depth + 1) for key, item in list(value.items())[:MAX_ITEMS]}
    return {"type": type_name(kind)}


def type_name(kind: type) -> str:
    """The name of a type, whatever its metaclass says."""
    name = type.__dict__["__name__"].__get__(kind)
    return _printable(name[:200])


def text_of(error: BaseException) -> str:
    """What `str(error)` gives, or why it gives nothing."""
    try:
        text = str(error)
    except Exception as problem:  # the student's own __str__ may do anything
        return f"<its __str__ raised {type_name(type(problem))}>"
    return _printable(text[:2000]) if type(text) is str else "<its __str__ gave no text>"


def _printable(text: str) -> str:
    """The text without lone surrogates, which no encoding of the wire takes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
