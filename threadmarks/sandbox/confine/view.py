"""The file system that a runner sees: the standard library and the system's libraries, read-only, and an empty box.

No /proc, no /etc, no home, nothing of the kit: what was imported is in memory already. The view is a tmpfs that exists in
the zygote's mount namespace only; each run gets a box of its own, a tmpfs that vanishes with its last process.
"""

import os
import struct
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from threadmarks.sandbox.confine import libc, namespaces
from threadmarks.sandbox.confine.syscalls import Architecture

BOX = "/box"
BOX_BYTES = 32 << 20
BOX_FILES = 2000

_SYSTEM = ("/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share/zoneinfo")
DEVICES = ("null", "zero", "random", "urandom")
_NOT_THEIRS = ("site-packages", "dist-packages")

_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000
_ATTR_RDONLY, _ATTR_NOSUID, _ATTR_NODEV = 1, 2, 4


def build(root: str, hidden: Iterable[str], architecture: Architecture) -> None:
    """Make the view at the empty folder `root` and make it this process's file system. Raises OSError.

    `hidden` are folders that must not be seen even where a folder above them is. Needs a mount namespace of its own.
    """
    covered = [os.path.realpath(path) for path in hidden]
    libc.unshare(libc.CLONE_NEWNS)
    libc.mount(None, "/", None, libc.MS_REC | libc.MS_PRIVATE)
    libc.mount("tmpfs", root, "tmpfs", libc.MS_NOSUID | libc.MS_NODEV, "size=1m,mode=755")
    for path in shown():
        _show(root, path, architecture)
        for secret in _inside(path, covered):
            libc.mount("tmpfs", root + secret, "tmpfs", libc.MS_NOSUID | libc.MS_NODEV, "size=4k,mode=755")
            _set_attributes(root + secret, _ATTR_RDONLY, architecture)
    os.mkdir(f"{root}/dev")
    for name in DEVICES:
        Path(f"{root}/dev/{name}").touch()
        libc.mount(f"/dev/{name}", f"{root}/dev/{name}", None, libc.MS_BIND)
    os.symlink(BOX, f"{root}/dev/shm")  # noqa: S108  # where the C library keeps named semaphores
    os.mkdir(root + BOX)
    os.chdir(root)
    libc.syscall(architecture.number("pivot_root"), "pivot_root", b".", b".")
    libc.detach(".")
    os.chdir("/")
    _set_attributes("/", _ATTR_RDONLY | _ATTR_NOSUID | _ATTR_NODEV, architecture)


def give_box() -> None:
    """A fresh box for one run, in a mount namespace of its own; the process stands in it. Raises OSError."""
    owner = f"uid={namespaces.RUNNER_ID},gid={namespaces.RUNNER_ID}"
    flags = libc.MS_NOSUID | libc.MS_NODEV | libc.MS_NOEXEC
    libc.mount("tmpfs", BOX, "tmpfs", flags, f"size={BOX_BYTES},nr_inodes={BOX_FILES},mode=700,{owner}")
    os.chdir(BOX)


def standard_library() -> list[str]:
    """The folders of Python's own modules, resolved."""
    folders = [os.path.dirname(os.__file__), *(path for path in sys.path if os.path.basename(path) == "lib-dynload")]
    return sorted({os.path.realpath(folder) for folder in folders})


def shown() -> Iterator[str]:
    """What is shown, folders before what lies in them, nothing twice."""
    done: list[str] = []
    for path in sorted({*_SYSTEM, *standard_library()}):
        inside_another = any(path.startswith(f"{folder}/") for folder in done)
        if os.path.isdir(path) and not inside_another:
            if not os.path.islink(path):
                done.append(path)
            yield path


def _show(root: str, path: str, architecture: Architecture) -> None:
    """Bring a folder, or the link that stands in its place, into the view, read-only."""
    place = root + path
    if os.path.islink(path):
        os.makedirs(os.path.dirname(place), mode=0o755, exist_ok=True)
        os.symlink(os.readlink(path), place)
        return
    os.makedirs(place, mode=0o755, exist_ok=True)
    # With everything mounted below it: leaving a mount out would uncover what it hides, which the kernel refuses.
    libc.mount(path, place, None, libc.MS_BIND | libc.MS_REC)
    _set_attributes(place, _ATTR_RDONLY | _ATTR_NOSUID | _ATTR_NODEV, architecture, recursive=True)


def _inside(path: str, covered: Iterable[str]) -> list[str]:
    """The folders in `path` that are not for a student: installed packages, and what is to be hidden."""
    if os.path.islink(path):
        return []
    packages = [
        str(folder)
        for name in _NOT_THEIRS
        for pattern in (name, f"python3*/{name}")
        for folder in Path(path).glob(pattern)
        if folder.is_dir() and not folder.is_symlink()
    ]
    return sorted({*packages, *(secret for secret in covered if secret == path or secret.startswith(f"{path}/"))})


def _set_attributes(path: str, attributes: int, architecture: Architecture, *, recursive: bool = False) -> None:
    """Add attributes to a mount (mount_setattr(2), Linux 5.12), keeping those it has."""
    wanted = struct.pack("QQQQ", attributes, 0, 0, 0)
    number = architecture.number("mount_setattr")
    flags = _AT_RECURSIVE if recursive else 0
    libc.syscall(number, f"mount_setattr {path}", _AT_FDCWD, os.fsencode(path), flags, wanted, len(wanted))
