"""The few things that are asked of the operating system itself, by ctypes where Python does not offer them.

Standard library only: the zygote imports it before its descendants run a student's code.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress

from threadmarks.sandbox.confine import libc

LINUX = sys.platform == "linux"

_ADDR_NO_RANDOMIZE = 0x0040000
_QUERY_PERSONALITY = 0xFFFFFFFF


def adopt_orphans() -> None:
    """Let descendants whose parent has died become children of this process. Raises OSError."""
    libc.prctl(libc.PR_SET_CHILD_SUBREAPER, 1)


def end_with_parent() -> None:
    """Have the kernel kill this process when the process that forked it ends."""
    libc.prctl(libc.PR_SET_PDEATHSIG, signal.SIGKILL)


def die_with_parent(parent: int) -> None:
    """`end_with_parent`, also when the parent (process id `parent`) has died already."""
    end_with_parent()
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
    personality = ctypes.CDLL(None).personality
    personality.argtypes = [ctypes.c_ulong]
    before = personality(_QUERY_PERSONALITY)
    if before != -1:
        personality(before | _ADDR_NO_RANDOMIZE)
    try:
        yield
    finally:
        if before != -1:
            personality(before)


def cores() -> list[int]:
    """The numbers of the cores that this process may use; where the system does not tell, of all that there are."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))


@contextmanager
def kept_to(share: Collection[int]) -> Iterator[None]:
    """What this thread starts in the block stays on these cores; none given: wherever the system puts it.

    Only a matter of speed: what the system refuses is left as it was.
    """
    before: Collection[int] = ()
    if share and hasattr(os, "sched_setaffinity"):
        with suppress(OSError):
            before = os.sched_getaffinity(0)
            os.sched_setaffinity(0, share)
    try:
        yield
    finally:
        if before:
            os.sched_setaffinity(0, before)
