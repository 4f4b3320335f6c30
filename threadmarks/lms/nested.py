"""Zips that students put into their submission: opened once, in memory, within caps. A zip inside of one stays shut."""

from dataclasses import replace

from threadmarks.errors import SubmissionError
from threadmarks.lms import zips
from threadmarks.lms.delivery import Entry, composed
from threadmarks.lms.layout import Item, is_junk
from threadmarks.lms.remarks import Remark
from threadmarks.sandbox.saferead import SIZE_LIMIT_BYTES

MOST_BYTES = 4 << 20
"""Of the packed zip."""
MOST_ENTRIES = 500


def opened(item: Item) -> tuple[list[Item], list[Remark]]:
    """The items in a zip of a student's, and remarks on what is not among them. Of a zip that cannot be used, one remark."""
    path = item.entry.path
    try:
        inner = zips.Zip(item.entry.load(MOST_BYTES), most_entries=MOST_ENTRIES, prefix=f"{path}/")
    except zips.ZipProblem as problem:
        return [], [Remark(path=path, code="bad-zip", text=str(problem))]
    except SubmissionError as problem:
        return [], [Remark(path=path, code="bad-zip", text=f"was not opened: {problem}")]
    remarks = list(inner.remarks)
    entries = []
    for member in inner.members:
        shown = composed(member.path)
        if is_junk(shown):
            remarks.append(Remark(path=shown, code="junk", text="was left there by a system or an editor"))
        elif shown.lower().endswith(".zip"):
            remarks.append(Remark(path=shown, code="nested-zip", text="is a zip inside a zip, and stays shut"))
        else:
            entries.append(Entry(path=shown, stamp=item.entry.stamp, load=_loader(item, member.path)))
    inner.close()
    if not (entries or remarks):
        remarks.append(Remark(path=path, code="bad-zip", text="is a zip without a file in it"))
    kept = {
        entry.path: entry for entry in entries
    }.values()  # of those that share a path, loading tells whether they differ
    folder = item.file.rpartition("/")[0]
    return [
        replace(item, entry=entry, file=f"{folder}/{entry.path.removeprefix(f'{path}/')}".lstrip("/")) for entry in kept
    ], remarks


def _loader(item: Item, path: str) -> zips.Load:
    """Opens the zip anew: a class's zips are not all kept in memory."""

    def load(limit: int = SIZE_LIMIT_BYTES, /) -> bytes:
        inner = zips.Zip(item.entry.load(MOST_BYTES), most_entries=MOST_ENTRIES, prefix=f"{item.entry.path}/")
        try:
            (found, *more) = [member for member in inner.members if member.path == path]
            if more and len({member.load(limit) for member in (found, *more)}) > 1:
                raise SubmissionError(
                    "duplicate-name", f"{path} is there {len(more) + 1} times, and not the same each time."
                )
            return found.load(limit)
        finally:
            inner.close()

    return load
