"""What the systems' layouts have in common: owners, items, and which layout a delivery has.

A layout says of each entry whose it is, from its path (and from files of the system's own in the delivery). Ids are what counts: names
change, are shared, and lose their accents on the way.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from threadmarks.lms.delivery import Delivery, Entry
from threadmarks.lms.remarks import Remark

RECOGNISED_SHARE = 0.5
"""A layout is recognised when more than this share of a delivery's files fit it."""

_JUNK = re.compile(
    r"(^|/)(__MACOSX|__pycache__|\.git|\.idea|\.vscode|\.ipynb_checkpoints|\.venv|\.threadmarks)/|(^|/)(\._[^/]*|\.DS_Store|Thumbs\.db|desktop\.ini)$"
)
"""What systems, editors and packers leave beside the work."""


class Kind(StrEnum):
    """What an item is."""

    FILE = "file"
    TEXT = "text"  # typed into a form of the system's
    METADATA = "metadata"  # the system's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose an item is, as the system says it: one student, or a group that hands in together."""

    key: str  # from the ids: the same for the same owner, another for any other in the delivery
    name: str  # as far as the system tells it; for people only
    ids: tuple[tuple[str, str], ...]  # what the system calls its ids, and their values, the one that marks go by first
    members: tuple[tuple[tuple[str, str], ...], ...] = ()  # of a group: the ids of each

    @property
    def mark_id(self) -> str:
        """What marks go by; the key where the system gives no id."""
        return (self.ids[0][1] if self.ids else "") or self.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An entry with its owner."""

    entry: Entry
    owner: Owner
    file: str  # its path within what the owner handed in
    kind: Kind = Kind.FILE
    attempt: str = ""  # orders attempts as text; "" where the system keeps one only
    submitted: datetime | None = None  # naive: in the system's local time
    late: bool = False  # the system itself calls it late


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A delivery, read by a layout."""

    layout: str
    items: tuple[Item, ...]
    remarks: tuple[Remark, ...]  # on what belongs to nobody
    owners: tuple[Owner, ...] = ()  # those that the system names, with or without an item


class Layout(Protocol):
    """How one system packs."""

    @property
    def name(self) -> str:
        """For `--layout`."""

    @property
    def title(self) -> str:
        """For people."""

    def fits(self, path: str) -> bool:
        """Whether a file at `path` is what this system would make."""

    def read(self, delivery: Delivery, entries: tuple[Entry, ...]) -> Reading:
        """Whose each of the entries is. Raises UsageError when a file of the system's own is missing or damaged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByPath:
    """A layout in which an entry's path tells everything: `parse` gives the item, or None for what does not fit."""

    name: str
    title: str
    parse: Callable[[Entry], Item | None]
    settle: Callable[[Iterable[Item]], Iterable[Item]] = field(
        default=lambda items: items
    )  # a look at all of them together

    def fits(self, path: str) -> bool:
        return self.parse(Entry(path=path, stamp=None, load=_nothing)) is not None

    def read(self, delivery: Delivery, entries: tuple[Entry, ...]) -> Reading:
        del delivery
        items: list[Item] = []
        remarks: list[Remark] = []
        for entry in entries:
            item = self.parse(entry)
            if item is None:
                remarks.append(not_placed(entry, self.title))
            else:
                items.append(item)
        return Reading(layout=self.name, items=tuple(self.settle(items)), remarks=tuple(remarks))


def _nothing(limit: int = 0, /) -> bytes:
    del limit
    return b""


def not_placed(entry: Entry, title: str) -> Remark:
    """The remark on an entry that is nobody's."""
    return Remark(path=entry.path, code="not-placed", text=f"is nobody's: {title} names files otherwise")


def is_junk(path: str) -> bool:
    """Whether nobody meant to hand this in."""
    return _JUNK.search(path) is not None


def without_junk(delivery: Delivery) -> tuple[tuple[Entry, ...], tuple[Remark, ...]]:
    """The entries that somebody meant to hand in, and a remark for each other."""
    kept = tuple(entry for entry in delivery.entries if not is_junk(entry.path))
    junk = (entry.path for entry in delivery.entries if is_junk(entry.path))
    return kept, tuple(Remark(path=path, code="junk", text="was left there by a system or an editor") for path in junk)


def recognised(entries: tuple[Entry, ...], layouts: Mapping[str, Layout], fallback: Layout) -> Layout:
    """The layout that most of the entries fit, if that is more than `RECOGNISED_SHARE`; the first of equals."""
    fitting = {name: sum(layout.fits(entry.path) for entry in entries) for name, layout in layouts.items()}
    best = max(fitting, key=lambda name: fitting[name], default="")
    return layouts[best] if best and fitting[best] > len(entries) * RECOGNISED_SHARE else fallback


def inside(path: str) -> str:
    """The path without its first folder: some systems put everything into one, and so does who unpacks and packs again."""
    return path.partition("/")[2]
