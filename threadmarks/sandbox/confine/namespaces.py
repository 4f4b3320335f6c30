"""Namespaces: a world with its own users, mounts, network, IPC, host name and process ids.

Entered once per zygote (`enter`), with a new pid namespace for each run (`OF_A_RUNNER`): the run's first process is then
process 1 of its own namespace, and when it dies the kernel kills whatever else is in it.
"""

import fcntl
import os
import socket
import struct

from threadmarks.sandbox.confine import libc

RUNNER_ID = 1000
"""The runner's user and group inside."""

_IFF_UP = 1
_SIOCSIFFLAGS = 0x8914
_ALL = (
    libc.CLONE_NEWUSER
    | libc.CLONE_NEWNS
    | libc.CLONE_NEWNET
    | libc.CLONE_NEWIPC
    | libc.CLONE_NEWUTS
    | libc.CLONE_NEWPID
)

OF_A_RUNNER = libc.CLONE_NEWPID | libc.CLONE_NEWNS
"""What each run has for itself."""


def enter(outer_id: int) -> None:
    """Move this single-threaded process into new namespaces; its next child is process 1 in there. Raises OSError.

    `outer_id` is the user that runners are outside: this process's own, or another one when this process is root, which is
    then root inside, too, until `credentials.become`.
    """
    if os.geteuid() != outer_id:
        _enter_as_root(outer_id)
    else:
        group = os.getegid()
        libc.unshare(_ALL)
        _write("setgroups", "deny")
        _write("uid_map", f"{RUNNER_ID} {outer_id} 1\n")
        _write("gid_map", f"{RUNNER_ID} {group} 1\n")
    _raise_loopback()


def _enter_as_root(outer_id: int) -> None:
    """Two users inside: root as itself, and the runner as `outer_id`. A process that stayed outside must write that."""
    entered, written = os.pipe(), os.pipe()
    process = os.getpid()
    writer = os.fork()
    if writer == 0:
        code = 1
        try:
            os.close(entered[1])
            os.close(written[0])
            os.read(entered[0], 1)
            for kind in ("gid_map", "uid_map"):
                _write(kind, f"0 0 1\n{RUNNER_ID} {outer_id} 1\n", str(process))
            os.write(written[1], b"w")
            code = 0
        finally:
            os._exit(code)
    os.close(entered[0])
    os.close(written[1])
    try:
        libc.unshare(_ALL)
        os.write(entered[1], b"e")
        if os.read(written[0], 1) != b"w":
            raise PermissionError(1, "Operation not permitted", "user map")
    finally:
        os.close(entered[1])
        os.close(written[0])
        os.waitpid(writer, 0)


def _write(name: str, text: str, process: str = "self") -> None:
    with open(f"/proc/{process}/{name}", "w") as file:
        file.write(text)


def _raise_loopback() -> None:
    """The only network there is. Exercises without a network cannot make sockets at all."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))


def before_runner() -> None:
    """The next child is process 1 of a new pid namespace, and has mounts of its own. Raises OSError."""
    libc.unshare(OF_A_RUNNER)
