"""The system-call filter: what is not allowed is refused, what is younger than the tables does not exist.

A classic BPF program over the call's number and arguments (the kernel's Documentation/userspace-api/seccomp_filter.rst).
Numbers are looked up in a binary tree: the kernel walks the program once for each number when it is installed.
"""

import ctypes
import errno
import struct
from collections.abc import Sequence

from threadmarks.sandbox.confine import libc
from threadmarks.sandbox.confine.syscalls import Architecture

_LOAD, _JUMP, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x05, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_ALLOW, _KILL, _NOTIFY, _ERROR = 0x7FFF0000, 0x80000000, 0x7FC00000, 0x00050000
_REFUSE = _ERROR | errno.EPERM
_ABSENT = _ERROR | errno.ENOSYS

_SET_MODE_FILTER = 1
_NEW_LISTENER = 8

_CLONE_THREAD = 0x0001_0000
_CLONE_NEW_ANYTHING = 0x7E02_0080
_PR_SET_NAME, _PR_GET_NAME = 15, 16
_AF_UNIX, _AF_INET, _AF_INET6 = 1, 2, 10
_HARMLESS_IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
"""TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX: what Python asks of descriptors by itself."""

_Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, operand


def program(architecture: Architecture, *, own_pid: int, network: bool, notify_threads: bool, own_files: bool) -> bytes:
    """The filter. Signals go to `own_pid` only; with `notify_threads` each new thread waits for the listener's leave.

    `own_files`: whether every file that can be named is the run's own or read-only, so that modes and times may be changed.
    """
    thread = _NOTIFY if notify_threads else _ALLOW
    number = architecture.number
    allowed = {number(name) for name in architecture.allowed}
    if own_files:
        allowed |= {number(name) for name in architecture.file_modes}
    if network:
        allowed |= {number(name) for name in architecture.network}
    families = (_AF_UNIX, _AF_INET, _AF_INET6) if network else ()
    conditions = [
        (number("clone"), _if_thread(thread)),
        (
            number("clone3"),
            [_answer(_ABSENT)],
        ),  # its flags lie in memory, where no filter looks; the C library then uses clone
        (number("kill"), _if_argument(0, (own_pid,))),
        (number("tgkill"), _if_argument(0, (own_pid,))),
        (number("prctl"), _if_argument(0, (_PR_SET_NAME, _PR_GET_NAME))),
        (number("prlimit64"), _if_argument(0, (0, own_pid))),
        (number("ioctl"), _if_argument(1, _HARMLESS_IOCTLS, otherwise=_ERROR | errno.ENOTTY)),
        (number("socketpair"), _if_argument(0, (_AF_UNIX,))),
        (number("socket"), _if_argument(0, families)),
    ]
    body: list[_Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture.audit),
        _answer(_KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    for call, block in conditions:
        body += [(_EQUAL, 0, len(block), call), *block]
    body += _tree(_steps(allowed, architecture.highest))
    return b"".join(struct.pack("HBBI", *instruction) for instruction in body)


def install(architecture: Architecture, filter_program: bytes, *, listen: bool) -> int:
    """Install it for good, for this thread and those it starts. The listener's descriptor, or 0. Raises OSError."""
    buffer = ctypes.create_string_buffer(filter_program, len(filter_program))
    described = struct.pack("HxxxxxxP", len(filter_program) // 8, ctypes.addressof(buffer))
    flags = _NEW_LISTENER if listen else 0
    return libc.syscall(architecture.number("seccomp"), "seccomp", _SET_MODE_FILTER, flags, described)


def _answer(action: int) -> _Instruction:
    return (_RETURN, 0, 0, action)


def _if_argument(index: int, values: Sequence[int], otherwise: int = _REFUSE) -> list[_Instruction]:
    """Allow when the low half of an argument is one of `values`."""
    block: list[_Instruction] = [(_LOAD, 0, 0, _ARGUMENTS + 8 * index)]
    block += [(_EQUAL, len(values) - place, 0, value) for place, value in enumerate(values)]
    return [*block, _answer(otherwise), _answer(_ALLOW)]


def _if_thread(action: int) -> list[_Instruction]:
    """A new thread of this process, and nothing else that clone(2) makes."""
    return [
        (_LOAD, 0, 0, _ARGUMENTS),
        (_ANY_BIT, 0, 1, _CLONE_THREAD),
        (_ANY_BIT, 0, 1, _CLONE_NEW_ANYTHING),
        _answer(_REFUSE),
        _answer(action),
    ]


def _steps(allowed: set[int], highest: int) -> list[tuple[int, int]]:
    """The number line as steps: from each number on, this action. Neighbours differ."""
    steps: list[tuple[int, int]] = []
    for number in range(highest + 1):
        action = _ALLOW if number in allowed else _REFUSE
        if not steps or steps[-1][1] != action:
            steps.append((number, action))
    return [*steps, (highest + 1, _ABSENT)]


def _tree(steps: Sequence[tuple[int, int]]) -> list[_Instruction]:
    """Find the step of the number in the accumulator."""
    if len(steps) == 1:
        return [_answer(steps[0][1])]
    middle = len(steps) // 2
    left, right = _tree(steps[:middle]), _tree(steps[middle:])
    return [(_AT_LEAST, 0, 1, steps[middle][0]), (_JUMP, 0, 0, len(left)), *left, *right]
