"""Captured output: what the program writes to `sys.stdout` and `sys.stderr` becomes events, up to a limit.

A line is recorded by the thread that ends it. Text beyond the limit is counted and dropped, not an error: a program that
prints too much is still judged by what it does.
"""

import io
from typing import Any

from threadmarks.runner import baton
from threadmarks.runner.recorder import without_addresses


class CapturedStream(io.TextIOBase):
    """Stands in for `sys.stdout` or `sys.stderr`."""

    def __init__(self, name: str, limit: int) -> None:
        self.stream_name = name
        self._left = limit
        self._pending: dict[int, str] = {}  # unfinished lines, by thread
        self.dropped = 0

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a plain attribute in the base class
        return "utf-8"

    @property
    def buffer(self) -> Any:
        """The binary side."""
        return _BinarySide(self)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        scheduler = baton.active
        if scheduler is None or scheduler.over:
            return len(text)
        serial = scheduler.current.serial
        whole = self._pending.pop(serial, "") + text
        lines, newline, rest = whole.rpartition("\n")
        if newline:
            self._record(scheduler, lines + newline)
        if len(rest) > 4096:
            self._record(scheduler, rest)
        elif rest:
            self._pending[serial] = rest
        return len(text)

    def flush(self) -> None:
        """Nothing to do: lines are recorded when they end."""

    def finish(self, scheduler: "baton.Scheduler") -> None:
        """Record lines that were never ended."""
        for serial in sorted(self._pending):
            self._record(scheduler, self._pending.pop(serial))

    def _record(self, scheduler: "baton.Scheduler", text: str) -> None:
        kept = text[: self._left]
        self._left -= len(kept)
        self.dropped += len(text) - len(kept)
        if kept:
            clean = without_addresses(kept).encode("utf-8", "backslashreplace").decode("utf-8")
            scheduler.record("output", [self.stream_name, clean])


class _BinarySide(io.RawIOBase):
    def __init__(self, stream: CapturedStream) -> None:
        self._stream = stream

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._stream.write(bytes(data).decode("utf-8", "replace"))
        return len(data)
