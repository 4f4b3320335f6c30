"""Every construct that the instrumentation touches, or must not touch. `everything()` returns what it computed."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import typing

TOTAL = 0


@dataclasses.dataclass(order=True)
class Point:
    x: int = 0
    y: typing.ClassVar[int] = 7
    tags: list[str] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        self.x += 1


class Base:
    __slots__ = ("__hidden", "shown")
    made: dict[str, int] = {}

    def __init__(self, hidden: int = 3) -> None:
        super().__init__()
        self.__hidden = hidden
        self.shown: int = self.__hidden * 2

    @property
    def double(self) -> int:
        return self.__hidden * 2

    @double.setter
    def double(self, value: int) -> None:
        self.__hidden = value // 2


class Derived(Base):
    def __init__(self, *args: int, key: str = "k", **rest: int) -> None:
        super().__init__(*args)
        self.made[key] = len(rest)


def add(amount: int = 1) -> int:
    global TOTAL
    TOTAL += amount
    TOTAL = TOTAL + 0
    return TOTAL


def closures() -> list[int]:
    count = 0

    def bump() -> int:
        nonlocal count
        count += 1
        return count

    return [bump() for _ in range(3)]


def matching(value: object) -> str:
    match value:
        case Point(x=1):
            return "one"
        case Point(x=x) if x > 5:
            return f"big {x!r:>4}"
        case {"a": [first, *_], **rest}:
            return f"{first} {sorted(rest)}"
        case typing.TYPE_CHECKING:
            return "false"
        case _:
            return "other"


def generator():
    received = yield 1
    yield from (item for item in (received, 2))
    return 3


def loops() -> list[int]:
    out = []
    numbers = {"a": 1, "b": 2}
    while len(out) < 3:
        out.append(len(out))
        if out[-1] == 9:
            break
    else:
        out.append(100)
    for key, out[0] in numbers.items():
        if key not in numbers:
            continue
    out[1:2] = [7, 8]
    out[0] <<= 2
    del out[-1], numbers["a"]
    out.extend([y := 5, y + len(numbers)])
    return out


async def asynchronous() -> list[int]:
    async def numbers():
        for number in range(3):
            await asyncio.sleep(0)
            yield number

    class Context:
        async def __aenter__(self) -> int:
            return 1

        async def __aexit__(self, *exc: object) -> bool:
            return True

    async with Context() as one:
        assert one == 1
        raise ValueError
    return [number async for number in numbers() if number in (0, 2)]


def errors() -> list[str]:
    out = []
    try:
        try:
            {}["missing"]
        except KeyError as error:
            raise ValueError("again") from error
        finally:
            out.append("finally")
    except* ValueError as group:
        out.append(type(group.exceptions[0].__cause__).__name__)
    return out


def everything() -> list[object]:
    derived = Derived(4, key="z", a=1, b=2)
    derived.double = 20
    made = generator()
    sent = [next(made), made.send(9), next(made)]
    shout = functools.partial(lambda text, *, mark="!": text + mark, mark="?")
    return [
        add(),
        add(amount=4),
        closures(),
        [matching(value) for value in (Point(), Point(8), {"a": [1], "b": 2}, False, 3)],
        sent,
        loops(),
        asyncio.run(asynchronous()),
        errors(),
        [derived.shown, derived.double, derived.made],
        shout("so"),
        {key: value for key, value in zip("ab", {1, 2}, strict=True)},
        sorted({number % 2 for number in range(5)}),
        [field.name for field in dataclasses.fields(Point)],
        typing.get_type_hints(add),
        Point(1) < Point(2) <= Point(2),
    ]
