"""The rungs of the sandbox, from the strictest to none, and which of them this machine offers.

Today a runner is a process of its own with resource limits, or without them where the system refuses. The two rungs above
are named because reports and settings name them; nothing offers them yet, and `probe` never claims them. A rung is
probed by performing it in a throw-away child, never by looking at versions. Standard library only: the zygote probes.
"""

import os
import sys
from collections.abc import Mapping
from enum import StrEnum

from threadmarks.sandbox import limits


class Rung(StrEnum):
    """How a runner is held, strictest first."""

    FULL = "full"  # namespaces, a file system of its own, limits, Landlock, seccomp
    NO_USER_NAMESPACE = "no-user-namespace"  # the same without namespaces
    RLIMITS = "rlimits"  # a process of its own with resource limits
    PLAIN = "plain"  # a process of its own


PROBE_LIMITS: Mapping[str, float] = {
    "cpu_s": 5,
    "file_bytes": 1 << 20,
    "open_files": 64,
    "processes": 4096,
    "memory_bytes": 2 << 30,
}


def memory_can_be_limited() -> bool:
    """macOS accepts an address-space limit and then starts nothing any more."""
    return sys.platform == "linux"


def probe() -> tuple[Rung, ...]:
    """The rungs that work here, strictest first. `PLAIN` always does. Forks once; call it single-threaded."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            limits.apply(PROBE_LIMITS, memory=memory_can_be_limited())
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return (Rung.RLIMITS, Rung.PLAIN) if status == 0 else (Rung.PLAIN,)
