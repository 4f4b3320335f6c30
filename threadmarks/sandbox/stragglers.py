"""The last resort: processes that outlived their zygote.

A zygote kills what its runs leave behind. When the zygote itself is killed (by a program that found its parent's process
id, or by the system in want of memory), the kernel ends its runner; what the runner had forked would go on. Such a
process still carries the zygote's mark in the environment that it began with. Linux only; elsewhere nothing is found.
"""

import contextlib
import os
import signal
from pathlib import Path

MARK = "THREADMARKS_ZYGOTE"
ROUNDS = 100


def marked(mark: str) -> list[int]:
    """The processes whose first environment holds `MARK=mark`."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):  # it ended meanwhile, or belongs to another user
            if wanted in environ.read_bytes().split(b"\0"):
                found.append(int(environ.parent.name))
    return found


def kill_marked(mark: str) -> int:
    """Kill them, generation by generation. Returns how many there were."""
    killed: set[int] = set()
    for _ in range(ROUNDS):
        alive = [pid for pid in marked(mark) if pid not in killed]
        if not alive:
            break
        for pid in alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            killed.add(pid)
    return len(killed)
