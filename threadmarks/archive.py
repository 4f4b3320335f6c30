"""Zips with the same bytes for the same files: sorted, one time stamp, fixed modes. Imports nothing of the kit."""

import io
import zipfile
from collections.abc import Collection, Mapping

STAMP = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip can say; a time of making would make every release another."""
_UNIX = 3


def zipped(files: Mapping[str, bytes], *, programs: Collection[str] = ()) -> bytes:
    """The files by path as a zip; `programs` may be executed."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files):
            info = zipfile.ZipInfo(path, STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = _UNIX  # whatever system packs
            info.external_attr = (0o100755 if path in programs else 0o100644) << 16
            archive.writestr(info, files[path], compresslevel=9)
    return target.getvalue()
