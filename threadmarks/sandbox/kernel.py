"""The few calls to the operating system that Python does not offer, by ctypes. Each is a no-op off Linux.

Standard library only: the zygote imports it before its descendants run a student's code.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

LINUX = sys.platform == "linux"

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_ADDR_NO_RANDOMIZE = 0x0040000
_QUERY_PERSONALITY = 0xFFFFFFFF


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), f"prctl {option}")


def adopt_orphans() -> None:
    """Let descendants whose parent has died become children of this process. Raises OSError."""
    if LINUX:
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent (process id `parent`) dies; also when it has died already."""
    if LINUX:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def wait_for_parent(parent: int) -> None:
    """Wait until process `parent` has adopted this one. The process in between is ending; it needs no more than a turn."""
    while os.getppid() != parent:
        os.sched_yield()


@contextmanager
def fixed_addresses() -> Iterator[None]:
    """What this thread starts in the block has no address-space randomisation (a personality is a thread's own).

    The order of a set of objects without a `__hash__` of their own depends on their addresses; without randomisation
    every process lays them out alike. Where the system forbids it (some containers), runs stay correct but such an
    order may differ from process to process.
    """
    if not LINUX:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.personality.argtypes = [ctypes.c_ulong]
    before = libc.personality(_QUERY_PERSONALITY)
    if before != -1:
        libc.personality(before | _ADDR_NO_RANDOMIZE)
    try:
        yield
    finally:
        if before != -1:
            libc.personality(before)
