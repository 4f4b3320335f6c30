"""Finished results, one file each: whole or not there. See decision 0018 for why files.

A result is the whole report, so that any renderer can be used on it later. One writer at a time holds the store's lock.
"""

import contextlib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from threadmarks.batch import files
from threadmarks.errors import UsageError
from threadmarks.model import Report

FOLDER = "results"
LOCK = "lock"
_MAGIC = b"threadmarks/result/1\n"


class ResultStore:
    """The results in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> Report | None:
        """The report of that name; None when there is none, or none that can be read: it is then graded again."""
        try:
            data = self._path(key).read_bytes()
        except OSError:
            return None
        return decode(data)

    def has(self, key: str) -> bool:
        """Whether `get` would give one."""
        return self.get(key) is not None

    def put(self, key: str, encoded: bytes) -> None:
        """Keep a result that `encode` made. Raises files.OutputProblem."""
        files.write(self._path(key), (encoded,))

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Be the one writer. Raises UsageError when another is at work, files.OutputProblem when nothing can be written.

        The lock is the kernel's: it ends with its process, however that ends.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            file = (self._folder / LOCK).open("ab")
        except OSError as problem:
            raise files.OutputProblem(f"{self._folder} cannot be written: {problem.strerror}.") from None
        with file:
            try:
                import fcntl
            except ImportError:  # a system without it: two runs at once would repeat work, and damage nothing
                pass
            else:
                try:
                    fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise UsageError(
                        f"Another run is at work on {self._folder.parent}. Wait for it, or name another --out."
                    ) from None
            yield

    def _path(self, key: str) -> Path:
        return self._folder / FOLDER / key[:2] / key


def encode(report: Report) -> bytes:
    """The report as the store keeps it."""
    try:
        packed = msgspec.msgpack.encode(report)
    except UnicodeEncodeError:  # half a character that a program printed
        packed = msgspec.msgpack.encode(_unicode(msgspec.to_builtins(report)))
    return _MAGIC + zlib.compress(packed, 6)


def decode(data: bytes) -> Report | None:
    """The report that `encode` made the bytes of; None for any other bytes."""
    if not data.startswith(_MAGIC):
        return None
    try:
        return msgspec.msgpack.decode(zlib.decompress(data[len(_MAGIC) :]), type=Report)
    except (zlib.error, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _unicode(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode()
        case dict():
            return {_unicode(name): _unicode(item) for name, item in value.items()}
        case list() | tuple():
            return [_unicode(item) for item in value]
        case _:
            return value
