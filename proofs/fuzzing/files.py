"""Hostile files for the submission reader: of every kind, of any name and size, some of which change while they are read."""

import os
import shutil
import socket
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from proofs.fuzzing import reading
from threadmarks.errors import SubmissionError
from threadmarks.sandbox import saferead

KINDS = (
    "plain",
    "symlink",
    "dangling",
    "loop",
    "hard link",
    "folder",
    "fifo",
    "socket",
    "device",
    "sparse",
    "missing",
    "below",
)
NAMES: tuple[bytes, ...] = (
    *(
        b"ex01.py",
        b"-rf",
        b"a b.py",
        b"a\nb.py",
        b"\x1b[2J.py",
        b"\xff\xfe.py",
        b"\xe2\x80\xaeyp.py",
        b"'; rm -rf $HOME; '",
        b"$(id).py",
    ),
    *(b"x" * 255, b"x" * 256, b"...", b"~", b"*", b"%s%n", b"CON", b"a\tb", b"\xc3\xa9.py", b"e\xcc\x81.py"),
)
CHANGES = ("nothing", "nothing", "grows", "shrinks", "is replaced", "is removed", "becomes a link")


def run(random: Random, folder: Path) -> bool:
    """Make one file, read it, clean up. True when it was accepted. Raises whatever goes wrong but the refusal."""
    folder.mkdir()
    try:
        return _run(random, folder)
    finally:
        shutil.rmtree(folder)


def _run(random: Random, folder: Path) -> bool:
    name = (
        random.choice(NAMES)
        if random.randrange(4)
        else bytes(1 + random.randrange(255) for _ in range(1 + random.randrange(20)))
    )
    kind, change, strict = random.choice(KINDS), random.choice(CHANGES), random.randrange(2) == 1
    path = Path(os.fsdecode(os.fsencode(folder) + b"/" + name.replace(b"/", b"_")))
    content = reading.mutate(random.choice(reading.SEEDS), random)
    with suppress(OSError):  # a name that the system does not take: then there is none, and it is read all the same
        _make(kind, path, content, folder)
    regular = path.is_file() and not path.is_symlink() if len(os.fsencode(path.name)) < 256 else False
    links = path.stat().st_nlink if regular else 0
    with changing(path, change):
        try:
            source = saferead.read(path, strict=strict)
        except SubmissionError as refusal:
            if not refusal.code or not str(refusal):
                raise reading.Misread("a refusal that says nothing") from None
            return False
    if not regular or (strict and links != 1):
        raise reading.Misread(f"{kind} was read")
    if change == "nothing" and source.text.encode() != content.removeprefix(b"\xef\xbb\xbf"):
        raise reading.Misread("the text is not what is in the file")
    if len(source.text.encode()) > saferead.SIZE_LIMIT_BYTES or source.file != str(path):
        raise reading.Misread("too much was read, or under another name")
    return True


def _make(kind: str, path: Path, content: bytes, folder: Path) -> None:  # noqa: C901  # one case a kind
    other = folder / "other"
    match kind:
        case "symlink":
            other.write_bytes(content)
            path.symlink_to(other)
        case "dangling":
            path.symlink_to("nowhere")
        case "loop":
            path.symlink_to(path.name)
        case "hard link":
            other.write_bytes(content)
            path.hardlink_to(other)
        case "folder":
            path.mkdir()
        case "fifo":
            os.mkfifo(path)
        case "socket":
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(os.fsencode(path))
        case "device":
            path.symlink_to("/dev/zero")
        case "sparse":
            path.write_bytes(content)
            os.truncate(path, saferead.SIZE_LIMIT_BYTES + len(content))
        case "below":
            path.write_bytes(content)
            path.joinpath("file").touch()
        case "missing":
            pass
        case _:
            path.write_bytes(content)


def changing(path: Path, change: str) -> Any:
    """Change the file as soon as its first bytes have been read."""
    original, left = os.read, [change]

    def read(descriptor: int, count: int) -> bytes:
        data = original(descriptor, count)
        with suppress(OSError, IndexError):
            match left.pop():
                case "grows":
                    with path.open("ab") as file:
                        file.write(b"#" * (saferead.SIZE_LIMIT_BYTES // 2))
                case "shrinks":
                    os.truncate(path, 0)
                case "is replaced":
                    path.unlink()
                    path.mkdir()
                case "is removed":
                    path.unlink()
                case "becomes a link":
                    path.unlink()
                    path.symlink_to("/dev/zero")
        return data

    return patch("os.read", read)
