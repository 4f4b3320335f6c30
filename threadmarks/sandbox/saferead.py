"""Reads a submission without trusting it: a regular file, of a sane size, that is text.

Nothing is followed, nothing is waited for (a FIFO does not hang us), nothing is guessed (an encoding other than UTF-8 is
refused by name). Every refusal is a `SubmissionError` with a finding code and the student's next step.
"""

import errno
import os
import re
import stat
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

from threadmarks.errors import SubmissionError

SIZE_LIMIT_BYTES = 1 << 20
_HAS_NOFOLLOW = hasattr(os, "O_NOFOLLOW")
_FLAGS = os.O_RDONLY
for _name in ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY", "O_BINARY"):  # those that the system knows
    _FLAGS |= getattr(os, _name, 0)
_BOM = b"\xef\xbb\xbf"
_WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff")
_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")  # PEP 263
_BLANK_OR_COMMENT = re.compile(rb"^[ \t\f]*(?:[#\r\n]|$)")
_LINE_END = re.compile(r"\r\n|\r|\n")
_UTF8_NAMES = frozenset({"utf-8", "utf8", "u8"})
_ASCII_NAMES = frozenset({"ascii", "us-ascii"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A submission's text. `file` is its name as the student gave it; for display only."""

    file: str
    text: str

    def line(self, number: int) -> str:
        """The line `number`, counted from 1 as Python counts, without its line end; "" when there is none."""
        lines = lines_of(self.text)
        return lines[number - 1] if 1 <= number <= len(lines) else ""


@lru_cache(maxsize=4)  # a report asks for thousands of lines of one text
def lines_of(text: str) -> tuple[str, ...]:
    """The lines of Python source, without their ends: `str.splitlines` knows more line ends than Python has."""
    return tuple(_LINE_END.split(text))


def read(path: str | Path, *, strict: bool = False) -> Source:
    """The submission at `path`. `strict` (official grading) also refuses a file with more than one hard link.

    Raises SubmissionError.
    """
    shown = str(path)
    return Source(file=shown, text=decode(read_bytes(path, shown, strict=strict), shown))


def _refuse(code: str, message: str) -> NoReturn:
    raise SubmissionError(code, message)


def read_bytes(path: str | Path, shown: str, *, strict: bool, limit: int = SIZE_LIMIT_BYTES) -> bytes:
    """The bytes of the file at `path`, which messages call `shown`; not yet known to be text. Raises SubmissionError."""
    try:
        # Where a link cannot be refused while opening it, a look before and after must do.
        before = None if _HAS_NOFOLLOW else os.lstat(path)
        if before is not None and not stat.S_ISREG(before.st_mode):
            _refuse_kind(before.st_mode, shown)
        descriptor = os.open(path, _FLAGS)
    except (OSError, ValueError) as problem:
        _refuse_to_open(problem, path, shown)
    try:
        status = os.fstat(descriptor)
        if before is not None and not os.path.samestat(before, status):
            _refuse("unreadable", f"{shown} was replaced while it was being opened. Try again.")
        if not stat.S_ISREG(status.st_mode):
            _refuse_kind(status.st_mode, shown)
        if strict and status.st_nlink != 1:
            _refuse("not-a-file", f"{shown} is one of several hard links to the same file. Hand in a copy of its own.")
        return _read_capped(descriptor, shown, limit)
    except OSError as problem:
        _refuse("unreadable", f"{shown} cannot be read: {problem.strerror}. Check its permissions, or save it again.")
    finally:
        os.close(descriptor)


def _refuse_kind(mode: int, shown: str) -> NoReturn:
    if stat.S_ISLNK(mode):
        _refuse("symlink", f"{shown} is a symbolic link. Name the file that it points to.")
    if stat.S_ISDIR(mode):
        _refuse("folder", f"{shown} is a folder. Name the file inside it that you want graded.")
    _refuse("not-a-file", f"{shown} is not a regular file. Save your work to an ordinary .py file and name that.")


def _refuse_to_open(problem: OSError | ValueError, path: str | Path, shown: str) -> NoReturn:
    number = problem.errno if isinstance(problem, OSError) else None
    # With O_NOFOLLOW a symbolic link gives ELOOP (Linux, macOS) or EMLINK (FreeBSD).
    if number in (errno.ELOOP, errno.EMLINK) and os.path.islink(path):
        _refuse_kind(stat.S_IFLNK, shown)
    if number in (errno.ENOENT, errno.ENOTDIR) or number is None:
        _refuse("no-file", f"There is no file {shown!r}. Check the name and the folder that you are in.")
    if number in (errno.ENXIO, errno.EOPNOTSUPP):  # a socket, or a device without a driver
        _refuse_kind(stat.S_IFSOCK, shown)
    reason = problem.strerror if isinstance(problem, OSError) else str(problem)
    _refuse("unreadable", f"{shown} cannot be read: {reason}. Check its permissions, or save it again.")


def _read_capped(descriptor: int, shown: str, limit: int) -> bytes:
    data = bytearray()
    while len(data) <= limit:
        part = os.read(descriptor, limit + 1 - len(data))
        if not part:
            return bytes(data)
        data += part
    limit_mib = limit >> 20
    _refuse(
        "too-large", f"{shown} is larger than {limit_mib} MiB. An exercise needs a few kilobytes: is it the right file?"
    )


def decode(data: bytes, shown: str) -> str:
    """The text of a submission's bytes. Raises SubmissionError."""
    resave = "Save it as UTF-8 (in most editors: Save with Encoding) and grade it again."
    if not data.removeprefix(_BOM).strip():
        _refuse("empty", f"{shown} is empty. Write your solution into it, or did you forget to save?")
    if data.startswith(_WIDE_BOMS):
        _refuse("not-utf8", f"{shown} is encoded as UTF-16. {resave}")
    if b"\0" in data:
        at = data[: data.index(b"\0")].count(b"\n") + 1
        _refuse("nul-byte", f"{shown} has a NUL byte in line {at}; no Python source may. {resave}")
    data = data.removeprefix(_BOM)
    declared = _declared_encoding(data)
    name = declared.lower().replace("_", "-")
    is_utf8 = data.isascii() if name in _ASCII_NAMES else name in _UTF8_NAMES or name.startswith("utf-8-")
    if not is_utf8:  # "utf-8-unix" is what Emacs writes, and Python reads
        _refuse("not-utf8", f"{shown} declares the encoding {declared!r}. Remove that line. {resave}")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as problem:
        at = data[: problem.start].count(b"\n") + 1
        _refuse("not-utf8", f"{shown} is not UTF-8: line {at} holds the byte 0x{data[problem.start]:02x}. {resave}")


def _declared_encoding(data: bytes) -> str:
    """What a coding line says (PEP 263: in the first two lines, the second only after a comment or a blank line)."""
    for line in data.split(b"\n", 2)[:2]:
        found = _CODING.match(line)
        if found:
            return found[1].decode("ascii", "replace")
        if not _BLANK_OR_COMMENT.match(line):
            break
    return "utf-8"
