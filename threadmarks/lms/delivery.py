"""What an instructor was given: a folder or a zip, as a list of entries that can be read one by one.

Nothing is unpacked to disk, no link is followed, no size is believed. An entry that cannot be had is a `Remark` with its
name and the reason, never an exception and never silence. Must not know any learning management system.
"""

import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from threadmarks.errors import SubmissionError, UsageError
from threadmarks.lms import zips
from threadmarks.lms.remarks import Remark
from threadmarks.sandbox import saferead

MOST_ENTRIES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of a delivery."""

    path: str  # in it, with "/" and in Unicode's composed form, whichever form it was stored in
    stamp: datetime | None  # when it was handed in, as far as the container tells; local time of whoever packed it
    load: (
        zips.Load
    )  # raises SubmissionError for what is no plain file, damaged, too large, or there twice and different


class Delivery(Protocol):
    """A folder or a zip of submissions."""

    @property
    def name(self) -> str:
        """Its own name, without what comes before and after."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every file that can be read, by path."""

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What is in it and cannot be read, by path."""

    def close(self) -> None:
        """Let go of it."""


def open_delivery(path: str) -> Delivery:
    """The folder or zip at `path`. Raises UsageError when it is neither."""
    place = Path(path)
    if place.is_dir():
        return FolderDelivery(place)
    if place.is_file():
        return ZipDelivery(place)
    raise UsageError(
        f"There is no folder and no zip {path!r}. Name what you downloaded, or the folder that you unpacked it to."
    )


def composed(text: str) -> str:
    """The text in Unicode's composed form: systems differ in which they store, and people see one name."""
    return unicodedata.normalize("NFC", text)


class FolderDelivery:
    """A folder, with everything below it."""

    def __init__(self, place: Path) -> None:
        self.name = composed(place.resolve().name)
        entries: list[Entry] = []
        remarks: list[Remark] = []
        for path in _walk(str(place), remarks):
            shown = _shown(path, str(place))
            entries.append(Entry(path=shown, stamp=None, load=_loader(path, shown)))
        self.entries, twice = without_twins(entries)
        self.remarks = tuple(sorted((*remarks, *twice)))

    def close(self) -> None:
        """Nothing is held."""


def _walk(place: str, remarks: list[Remark]) -> Iterator[str]:
    """Every path that is no folder, in order. Reading, not walking, finds out what is a file."""

    def told(problem: OSError) -> None:
        shown = _shown(str(problem.filename), place)
        remarks.append(Remark(path=shown, code="unreadable", text=f"cannot be read: {problem.strerror}"))

    for folder, folders, files in os.walk(place, onerror=told):
        folders.sort()
        for link in [path for name in folders if (path := Path(folder, name)).is_symlink()]:
            shown = _shown(str(link), place)
            remarks.append(
                Remark(path=shown, code="symlink", text="is a symbolic link to a folder, and was not followed")
            )
        yield from (str(Path(folder, name)) for name in sorted(files))


def _shown(path: str, place: str) -> str:
    inner = composed(os.path.relpath(path, place).replace(os.sep, "/"))
    return inner.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _loader(path: str, shown: str) -> zips.Load:
    return lambda limit=saferead.SIZE_LIMIT_BYTES, /: saferead.read_bytes(path, shown, strict=True, limit=limit)


class ZipDelivery:
    """A zip as it was downloaded."""

    def __init__(self, place: Path) -> None:
        self.name = composed(place.name.removesuffix(place.suffix))
        try:
            self._zip = zips.Zip(place, most_entries=MOST_ENTRIES)
        except zips.ZipProblem as problem:
            raise UsageError(
                f"{place} {problem}. Download it again, or name the folder that you unpacked it to."
            ) from None
        entries = [
            Entry(path=composed(member.path), stamp=member.stamp, load=member.load) for member in self._zip.members
        ]
        self.entries, twice = without_twins(entries)
        self.remarks = tuple(sorted((*self._zip.remarks, *twice)))

    def close(self) -> None:
        """Close the file."""
        self._zip.close()


def without_twins(entries: list[Entry]) -> tuple[tuple[Entry, ...], list[Remark]]:
    """The entries by path, one for each.

    Of different files with the same path nobody but the student knows which is meant: loading that entry raises.
    """
    by_path: dict[str, list[Entry]] = {}
    for entry in entries:
        by_path.setdefault(entry.path, []).append(entry)
    kept, remarks = [], []
    for path, twins in sorted(by_path.items()):
        if len(twins) == 1:
            kept.append(twins[0])
        elif _same(twins):
            kept.append(twins[0])
            remarks.append(
                Remark(path=path, code="same-twice", text=f"is there {len(twins)} times, the same each time")
            )
        else:
            kept.append(replace(twins[0], load=_ambiguous(path, len(twins))))
    return tuple(kept), remarks


def _ambiguous(path: str, times: int) -> zips.Load:
    def load(limit: int = 0, /) -> bytes:
        del limit
        raise SubmissionError("duplicate-name", f"{path} is there {times} times, and not the same each time.")

    return load


def _same(twins: list[Entry]) -> bool:
    try:
        return len({twin.load() for twin in twins}) == 1
    except SubmissionError:
        return False
