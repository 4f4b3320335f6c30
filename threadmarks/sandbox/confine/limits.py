"""What one run may use, told to the operating system.

Runs in the runner's process, between the fork and the student's code. Standard library only: the zygote imports it.
"""

import resource
from collections.abc import Mapping


def _lower(kind: int, soft: int, hard: int | None = None) -> None:
    """Lower one limit; never above what the process is allowed already."""
    ceiling = resource.getrlimit(kind)[1]
    wanted_hard = soft if hard is None else hard
    if ceiling != resource.RLIM_INFINITY:
        soft, wanted_hard = min(soft, ceiling), min(wanted_hard, ceiling)
    resource.setrlimit(kind, (soft, wanted_hard))


def apply(limits: Mapping[str, float]) -> None:
    """Apply a decoded `wire.Limits`.

    Processor time: the soft limit ends the process with SIGXCPU, the hard one, a second later, with SIGKILL; process 1 of a
    namespace does not hear the first.
    The process limit means nothing for root; the zygote kills whatever a run leaves behind.
    """
    cpu_s = int(limits["cpu_s"])
    _lower(resource.RLIMIT_CPU, cpu_s, cpu_s + 1)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, int(limits["file_bytes"]))
    _lower(resource.RLIMIT_NOFILE, int(limits["open_files"]))
    _lower(resource.RLIMIT_NPROC, int(limits["processes"]))
    _lower(resource.RLIMIT_AS, int(limits["memory_bytes"]))
