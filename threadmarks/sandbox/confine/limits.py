"""What one run may use, told to the operating system.

Runs in the runner's process, between the fork and the student's code. Standard library only: the zygote imports it.
"""

import resource
from collections.abc import Mapping


def _lower(kind: int, limit: int) -> None:
    """Lower one limit, soft and hard; never above what the process is allowed already."""
    ceiling = resource.getrlimit(kind)[1]
    if ceiling != resource.RLIM_INFINITY:
        limit = min(limit, ceiling)
    resource.setrlimit(kind, (limit, limit))


def apply(limits: Mapping[str, float]) -> None:
    """Apply a decoded `wire.Limits`.

    Processor time: the soft limit is the hard one, so that the process ends by SIGKILL. SIGXCPU, which a soft limit alone would
    send, can be caught, and process 1 of a namespace does not hear it.
    The process limit means nothing for root; the zygote kills whatever a run leaves behind.
    """
    _lower(resource.RLIMIT_CPU, int(limits["cpu_s"]))
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, int(limits["file_bytes"]))
    _lower(resource.RLIMIT_NOFILE, int(limits["open_files"]))
    _lower(resource.RLIMIT_NPROC, int(limits["processes"]))
    _lower(resource.RLIMIT_AS, int(limits["memory_bytes"]))
