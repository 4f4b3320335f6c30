"""Who a runner is: an unprivileged user without capabilities, who can never gain any."""

import os
import struct

from threadmarks.sandbox.confine import libc
from threadmarks.sandbox.confine.syscalls import Architecture

_FIRST_OUTER_ID = 61184
_OUTER_IDS = 4336
"""The range that systemd keeps for users made up on the fly (61184 to 65519): no account of a person is in it."""

_CAPABILITY_VERSION_3 = 0x20080522


def outer_id() -> int:
    """The user that this zygote's runners are outside of any namespace: this user, or a made-up one for root.

    Zygotes of one machine get different ones as far as their process ids tell them apart. Root stays root where there is no
    other user to become (a container that maps one).
    """
    user = os.geteuid()
    made_up = _FIRST_OUTER_ID + os.getpid() % _OUTER_IDS
    return made_up if user == 0 and _exists(made_up) else user


def _exists(user: int) -> bool:
    """Whether this process's user namespace has the user and the group of that number."""
    for name in ("uid_map", "gid_map"):
        with open(f"/proc/self/{name}") as file:
            ranges = [[int(word) for word in line.split()] for line in file]
        if not any(first <= user < first + count for first, _, count in ranges):
            return False
    return True


def become(user: int) -> None:
    """Become `user` for good, if this process is not. Raises OSError."""
    if os.geteuid() != user:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)


def drop_capabilities(architecture: Architecture) -> None:
    """Give up every capability of this process. Raises OSError."""
    header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
    libc.syscall(architecture.number("capset"), "capset", header, bytes(24))


def no_new_privileges() -> None:
    """Whatever is executed from now on gains nothing by it. Raises OSError."""
    libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
