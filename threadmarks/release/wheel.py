"""The kit as a wheel with chosen content: from a checkout or an install, without a build, and the same bytes each time.

A wheel is a zip with a few texts in `.dist-info` (PEP 427). Its metadata is that of the kit that runs.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from importlib import metadata

from threadmarks import __version__, archive, content
from threadmarks.errors import UsageError

NAME = f"threadmarks-{__version__}-py3-none-any.whl"
_INFO = f"threadmarks-{__version__}.dist-info"
_WHEEL = "Wheel-Version: 1.0\nGenerator: threadmarks\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_SCRIPTS = "[console_scripts]\ngrade = threadmarks.commands:main\n"


def wheel(chosen: Mapping[str, bytes]) -> bytes:
    """The wheel, with `chosen` (paths below the content's root) as its content. Raises UsageError."""
    files = {f"threadmarks/{path}": data for path, data in _package().items()}
    files |= {f"threadmarks/_content/{path}": data for path, data in chosen.items()}
    files |= {
        f"{_INFO}/METADATA": _metadata().encode(),
        f"{_INFO}/WHEEL": _WHEEL.encode(),
        f"{_INFO}/entry_points.txt": _SCRIPTS.encode(),
    }
    record = "".join(f"{path},sha256={_digest(files[path])},{len(files[path])}\n" for path in sorted(files))
    files[f"{_INFO}/RECORD"] = f"{record}{_INFO}/RECORD,,\n".encode()
    return archive.zipped(files)


def _package() -> dict[str, bytes]:
    """The engine's files, without content and without what Python made beside them."""
    found = {}
    for path in content.PACKAGE.rglob("*"):
        inner = path.relative_to(content.PACKAGE)
        if path.is_file() and inner.parts[0] != "_content" and "__pycache__" not in inner.parts:
            found[inner.as_posix()] = path.read_bytes()
    return found


def _metadata() -> str:
    """What the installed kit says of itself, without the readme and the developers' extras."""
    try:
        told = metadata.distribution("threadmarks").read_text("METADATA")
    except metadata.PackageNotFoundError:
        told = None
    if not told:
        raise UsageError("The kit is not installed here, so its requirements are not known: pip install it first.")
    head = told.partition("\n\n")[0].splitlines()
    kept = [
        line
        for line in head
        if not re.match(
            r"Description-Content-Type|License-File|.*extra == .(dev|fuzz)|Provides-Extra: (dev|fuzz)", line
        )
    ]
    return "\n".join(kept) + "\n"


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
