"""Reads zips that strangers made: entry by entry, in memory, with caps that do not believe what is declared.

Names that lead elsewhere, links, secrets, damaged and oversized entries are remarks. The standard library does the decoding; what it
raises for a damaged file is any of a dozen exceptions, and they all end here.
"""

import io
import stat
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from threadmarks.errors import SubmissionError
from threadmarks.lms.remarks import Remark
from threadmarks.sandbox.saferead import SIZE_LIMIT_BYTES

UTF8_FLAG = 0x800
ENCRYPTED_FLAG = 0x1
_CREATED_ON_UNIX = 3


class Load(Protocol):
    """Gives all of the bytes of a file, if there are not more than `limit`. Raises SubmissionError."""

    def __call__(self, limit: int = SIZE_LIMIT_BYTES, /) -> bytes: ...


class ZipProblem(Exception):
    """The zip as a whole cannot be used. The text goes on its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file in a zip that may be read."""

    path: str
    size: int  # declared
    stamp: datetime | None
    load: Load


class Zip:
    """An open zip."""

    def __init__(self, source: Path | bytes, *, most_entries: int, prefix: str = "") -> None:
        """`prefix` goes before every path: the place of a zip inside another. Raises ZipProblem."""
        self._prefix = prefix
        try:
            self._file = zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source)
        except OSError as problem:
            raise ZipProblem(f"cannot be read: {problem.strerror}") from None
        except Exception as problem:
            raise ZipProblem(f"is no zip that can be read ({problem})") from None
        infos = self._file.infolist()
        if len(infos) > most_entries:
            self._file.close()
            raise ZipProblem(f"holds {len(infos)} entries, more than {most_entries}")
        members: list[Member] = []
        remarks: list[Remark] = []
        for info in infos:
            name = _name(info)
            path = name if "/" in name else name.replace("\\", "/")  # some packers on Windows separate so
            if _leads_out(path):
                text = "has a name that leads out of its folder, and was not opened"
                remarks.append(Remark(path=prefix + name, code="unsafe-path", text=text))
            elif not path.endswith("/"):
                load = self._loader(info, prefix + path)
                members.append(Member(path=prefix + path, size=info.file_size, stamp=_stamp(info), load=load))
        self.members = tuple(members)
        self.remarks = tuple(remarks)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _loader(self, info: zipfile.ZipInfo, shown: str) -> Load:
        return lambda limit=SIZE_LIMIT_BYTES, /: self._read(info, shown, limit)

    def _read(self, info: zipfile.ZipInfo, shown: str, limit: int) -> bytes:
        _refuse_kind(info, shown)
        try:
            with self._file.open(info) as file:
                data = file.read(limit + 1)
                if len(data) <= limit and file.read(1):  # the end is where the checksum is held against it
                    raise SubmissionError("damaged", f"{shown} is longer than its zip declares.")
        except SubmissionError:
            raise
        except (
            Exception
        ) as problem:  # zlib, lzma, struct, RuntimeError, NotImplementedError: whatever the bytes bring about
            raise SubmissionError("damaged", f"{shown} cannot be read from its zip: {problem}") from None
        if len(data) > limit:
            raise SubmissionError("too-large", f"{shown} is larger than {limit >> 20} MiB.")
        return data


def _name(info: zipfile.ZipInfo) -> str:
    """The name as it was meant. Some packers store UTF-8 and do not say so; read as code page 437 it is gibberish."""
    name = info.orig_filename
    if not info.flag_bits & UTF8_FLAG and not name.isascii():
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return name


def _leads_out(path: str) -> bool:
    parts = path.replace("\\", "/").split("/")
    return "\0" in path or "\\" in path or path.startswith("/") or ".." in parts or parts[0].endswith(":")


def _refuse_kind(info: zipfile.ZipInfo, shown: str) -> None:
    """Raise SubmissionError for what is no plain file."""
    mode = info.external_attr >> 16
    if info.create_system == _CREATED_ON_UNIX and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise SubmissionError("not-a-file", f"{shown} is a link or a device, and is never followed or opened.")
    if info.flag_bits & ENCRYPTED_FLAG:
        raise SubmissionError("encrypted", f"{shown} is encrypted.")


def _stamp(info: zipfile.ZipInfo) -> datetime | None:
    try:
        return datetime(*info.date_time)  # noqa: DTZ001  # the packer's local time; the zip does not say which that is
    except ValueError:
        return None
