"""Tables as systems export them: read strictly, written quoted, with everything in place that we do not mean to change."""

import codecs
import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from threadmarks.errors import UsageError

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
"""What a spreadsheet takes a cell for a formula by, at its beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A head and rows as long as it."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    newline: str = "\n"

    def column(self, *names: str) -> int:
        """The place of the first of these columns, whatever the case; -1 for none."""
        known = [name.strip().casefold() for name in self.head]
        return next((known.index(name.casefold()) for name in names if name.casefold() in known), -1)


def parse(data: bytes, where: str) -> Table:
    """The table. Raises UsageError: not text, no head, or a row of another length, which systems refuse as a whole."""
    encoding = _encoding(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise UsageError(
            f"{where} is neither UTF-8 nor UTF-16. Upload and download it anew, without a spreadsheet between."
        ) from None
    first = text.partition("\n")[0]
    delimiter = max(",\t;", key=first.count)
    try:
        rows = [
            tuple(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True) if row
        ]
    except csv.Error as problem:
        raise UsageError(f"{where} is no table: {problem}") from None
    if not rows:
        raise UsageError(f"{where} is empty.")
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            raise UsageError(f"{where}: row {number} has {len(row)} cells, the head {len(rows[0])}. Download it again.")
    return Table(
        head=rows[0],
        rows=tuple(rows[1:]),
        encoding=encoding,
        delimiter=delimiter,
        newline="\r\n" if first.endswith("\r") else "\n",
    )


def _encoding(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8-sig" if data.startswith(codecs.BOM_UTF8) else "utf-8"


def write(table: Table, rows: Iterable[Sequence[str]]) -> bytes:
    """The head of `table` with these rows, in its own encoding and with its own separators."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=table.delimiter, lineterminator=table.newline)
    for row in (table.head, *rows):
        if len(row) != len(table.head):
            raise UsageError(f"A row of {len(row)} cells does not fit a head of {len(table.head)}.")
        writer.writerow(row)
    if table.encoding == "utf-16":  # as it came: little-endian, with its mark
        return codecs.BOM_UTF16_LE + text.getvalue().encode("utf-16-le", "replace")
    return text.getvalue().encode(table.encoding, "backslashreplace")


def neutral(text: str) -> str:
    """The text as a cell that no spreadsheet computes."""
    clean = text.encode("utf-8", "backslashreplace").decode().replace("\0", "")
    return f"'{clean}" if clean.lstrip(" ").startswith(FORMULA) else clean


def number(text: str) -> float | None:
    """The number in a cell, with a point or a comma; None for any other text."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None
