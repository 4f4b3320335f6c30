"""Writes files whole or not at all: under another name, flushed, then renamed. A reader, and a kill, find the old or the new."""

import contextlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from threadmarks.errors import UsageError

_BEGIN, _END = ".threadmarks-", ".new"
"""Of the other name: what a kill leaves half-written is known by it."""


class OutputProblem(UsageError):
    """The output folder cannot be written: read-only, full, gone. What is finished is kept, and the next run goes on."""


def write(path: Path, parts: Iterable[bytes], *, flush: bool = True) -> None:
    """Put the parts at `path`, unless just that is there already. Raises OutputProblem; the old file then stands.

    Without `flush` a power failure may leave an empty file: for what the next run makes again.
    """
    data = b"".join(parts)
    try:
        if _holds(path, data):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=_BEGIN, suffix=_END, dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                if flush:
                    os.fsync(file.fileno())
            Path(name).chmod(0o666 & ~_mask())
            Path(name).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as problem:
        raise OutputProblem(
            f"{path} could not be written: {problem.strerror}. What is finished is kept; run the same command again when that is mended."
        ) from None


def clear(folder: Path) -> None:
    """Remove what killed writers left half-written anywhere below a folder. Only for whoever is its one writer."""
    for left in folder.rglob(f"{_BEGIN}*{_END}"):
        with contextlib.suppress(OSError):
            left.unlink()


def remove(path: Path) -> None:
    """Remove a file, if it is there. Raises OutputProblem."""
    try:
        path.unlink(missing_ok=True)
    except OSError as problem:
        raise OutputProblem(f"{path} could not be removed: {problem.strerror}.") from None


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except OSError:
        return False


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
