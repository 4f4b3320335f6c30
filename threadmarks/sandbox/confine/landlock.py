"""Landlock: which files may be read and written, decided again by path, whatever the other layers let through.

See the kernel's Documentation/userspace-api/landlock.rst. What a kernel's version of it cannot forbid is left to the other
layers; version 1 (Linux 5.13) is enough.
"""

import os
import struct
from collections.abc import Iterable

from threadmarks.sandbox.confine import libc
from threadmarks.sandbox.confine.syscalls import Architecture

_CREATE_VERSION = 1
_RULE_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG, _MAKE_SYM = 1 << 4, 1 << 5, 1 << 7, 1 << 8, 1 << 12
_VERSION_1 = (1 << 13) - 1
_REFER = 1 << 13  # version 2
_TRUNCATE = 1 << 14  # version 3
_IOCTL_DEV = 1 << 15  # version 5
_NET_BIND_AND_CONNECT = 3  # version 4
_SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 3  # version 6

_READ = _READ_FILE | _READ_DIR
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV


def version(architecture: Architecture) -> int:
    """The version that the kernel offers. Raises OSError where there is none."""
    number = architecture.number("landlock_create_ruleset")
    return libc.syscall(number, "landlock", None, 0, _CREATE_VERSION)


def restrict(architecture: Architecture, *, read: Iterable[str], write: Iterable[str], network: bool) -> None:
    """From now on, and for good: only these paths, for reading, or for reading and writing. Raises OSError.

    Paths that do not exist are left out. Nothing may be executed. Without `network` no TCP port may be bound or reached.
    """
    offered = version(architecture)
    files = _VERSION_1
    files |= _REFER if offered >= 2 else 0  # versions, as the kernel's documentation numbers them
    files |= _TRUNCATE if offered >= 3 else 0
    files |= _IOCTL_DEV if offered >= 5 else 0
    attributes = struct.pack("Q", files)
    if offered >= 4:
        attributes += struct.pack("Q", 0 if network else _NET_BIND_AND_CONNECT)
    if offered >= 6:
        attributes += struct.pack("Q", _SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS)
    number = architecture.number("landlock_create_ruleset")
    ruleset = libc.syscall(number, "landlock_create_ruleset", attributes, len(attributes), 0)
    try:
        ours = _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _MAKE_SYM | _TRUNCATE | _REFER
        for path in read:
            _allow(architecture, ruleset, path, _READ & files)
        for path in write:
            _allow(architecture, ruleset, path, (_READ | ours) & files)
        libc.syscall(architecture.number("landlock_restrict_self"), "landlock_restrict_self", ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(architecture: Architecture, ruleset: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not os.path.isdir(path):
            rights &= _OF_A_FILE
        rule = struct.pack("=Qi", rights, place)
        number = architecture.number("landlock_add_rule")
        libc.syscall(number, f"landlock_add_rule {path}", ruleset, _RULE_PATH_BENEATH, rule, 0)
    finally:
        os.close(place)
