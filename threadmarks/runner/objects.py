"""Looking at a student's objects without running a line of theirs: attributes, lengths, short texts of values.

Nothing here calls a hook that a class can define: no `__getattribute__`, property, `__repr__`, `__eq__`, `__hash__` or
`__len__` of the student's. Only exact types of the interpreter are read; of anything else no more than the type's name is
told. Whatever cannot be read so is `UNKNOWN`.
"""

import collections
import types
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from threadmarks.runner.values import type_name

TEXT_LIMIT = 60
UNKNOWN: Any = object()
"""In place of a value that cannot be read without running code of the student's."""
_SPOKEN = {"ControlledLock": "Lock"}
"""Names of the engine's types that stand in for what a student has made."""
_WHOLE_INT_BITS = 128
_NAMESPACE_LIMIT = 500
"""An object with more attributes is not searched: its names would have to be looked at one by one."""

V = TypeVar("V")


class ByType(Generic[V]):
    """A table over exact types, asked by identity: a class can define how it is compared and hashed, by its metaclass."""

    __slots__ = ("_keys", "_values")

    def __init__(self, table: dict[type, V]) -> None:
        self._keys = tuple(table)  # kept, so that no other type gets their addresses
        self._values = {id(kind): value for kind, value in table.items()}

    def get(self, kind: type) -> V | None:
        """What the table has for a type; None for any other."""
        return self._values.get(id(kind))


_DICT_LENGTH: Callable[[Any], int] = dict.__len__
LENGTHS: ByType[Callable[[Any], int]] = ByType(
    {
        list: list.__len__,
        dict: _DICT_LENGTH,
        set: set.__len__,
        collections.deque: collections.deque.__len__,
        collections.defaultdict: _DICT_LENGTH,
        collections.OrderedDict: _DICT_LENGTH,
        collections.Counter: _DICT_LENGTH,
    }
)
"""The containers whose contents are watched, and how each tells its length."""

_mro_of = type.__dict__["__mro__"].__get__
_namespace_of = type.__dict__["__dict__"].__get__


def short(value: Any) -> str:
    """A value in a few characters: itself when it is plain, else what it is. "" for UNKNOWN."""
    kind = type(value)
    if value is UNKNOWN:
        return ""
    if value is None or kind is bool or kind is float:
        return repr(value)
    if kind is int:
        return repr(value) if value.bit_length() <= _WHOLE_INT_BITS else f"an int of {value.bit_length()} bits"
    if kind is str:
        text = repr(value[: TEXT_LIMIT // 2])
        whole = len(value) <= TEXT_LIMIT // 2 and len(text) <= TEXT_LIMIT
        return _printable(text if whole else f"{text[: TEXT_LIMIT - 4].rstrip(text[-1])}...{text[-1]}")
    if kind is tuple or watched(value):
        count = len(value) if kind is tuple else length(value)
        name = type_name(kind)
        return f"{name} of {count}" if count else f"empty {name}"
    if issubclass(kind, type):
        return f"class {type_name(value)}"[:TEXT_LIMIT]
    name = type_name(kind)
    return f"{_SPOKEN.get(name, name)} object"[:TEXT_LIMIT]


def watched(value: Any) -> bool:
    """Whether a value is a container whose contents are watched."""
    return LENGTHS.get(type(value)) is not None


def length(value: Any) -> int:
    """The length of a container that is watched; 0 for anything else."""
    tells = LENGTHS.get(type(value))
    return 0 if tells is None else tells(value)


def item(container: Any, key: Any) -> Any:
    """What an exact container holds under a whole number, a truth value or a text; UNKNOWN for nothing.

    A dict with other keys is not asked: looking one up could ask them whether they are equal to it.
    """
    kind = type(container)
    if kind is list or kind is collections.deque:
        inside = type(key) is int and -length(container) <= key < length(container)
        return kind.__getitem__(container, key) if inside else UNKNOWN
    if LENGTHS.get(kind) is not _DICT_LENGTH or length(container) > _NAMESPACE_LIMIT:
        return UNKNOWN
    if not all(is_plain_key(each) for each in dict.keys(container)):
        return UNKNOWN
    return dict.get(container, key, UNKNOWN)


def is_plain_key(key: Any) -> bool:
    """Whether a key is a whole number, a truth value or a text, of exactly that type."""
    kind = type(key)
    return kind is str or kind is int or kind is bool


def attribute(owner: Any, name: str) -> Any:
    """The attribute as it is stored in the object, its slots or its class; UNKNOWN where code would answer, or nothing."""
    kind = type(owner)
    if issubclass(kind, type):
        return _in_classes(owner, name)
    found = _in_classes(kind, name)
    if type(found) is types.MemberDescriptorType:
        try:
            return found.__get__(owner)
        except (AttributeError, TypeError):  # not set; or a made-up order of bases
            return UNKNOWN
    if type(found) is property or type(found) is types.GetSetDescriptorType:
        return UNKNOWN
    own = named(instance_namespace(owner), name)
    return found if own is UNKNOWN else own


def stored(owner: Any, name: str) -> bool:
    """Whether the object itself has the attribute, in its namespace or a slot: methods and class attributes are not."""
    if issubclass(type(owner), type):
        return attribute(owner, name) is not UNKNOWN
    if type(_in_classes(type(owner), name)) is types.MemberDescriptorType:
        return True
    return named(instance_namespace(owner), name) is not UNKNOWN


def computed(owner: Any, name: str) -> bool:
    """Whether the class answers for the attribute with code: then what is touched shows inside of that code."""
    return type(_in_classes(type(owner), name)) is property


def instance_namespace(owner: Any) -> dict[str, Any] | None:
    """The object's own `__dict__`, when it is an ordinary one; else None."""
    for base in _mro_of(type(owner)):
        descriptor = named(_namespace_of(base), "__dict__")
        if type(descriptor) is types.GetSetDescriptorType:
            try:
                namespace = descriptor.__get__(owner)
            except TypeError:  # a metaclass made up the order of bases
                return None
            return namespace if type(namespace) is dict else None
    return None


def _in_classes(kind: Any, name: str) -> Any:
    for base in _mro_of(kind):
        found = named(_namespace_of(base), name)
        if found is not UNKNOWN:
            return found
    return UNKNOWN


def named(namespace: Any, name: str) -> Any:
    """What a namespace holds under a name; UNKNOWN for nothing, and where a key is no text.

    Looking a name up among other keys could ask them whether they are equal to it.
    """
    if namespace is None or len(namespace) > _NAMESPACE_LIMIT or any(type(key) is not str for key in namespace):
        return UNKNOWN
    return namespace.get(name, UNKNOWN)


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
