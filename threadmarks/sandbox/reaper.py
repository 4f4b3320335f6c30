"""Ends every process that a run left behind.

The zygote is the subreaper of its runs: whatever a student's program forks, daemonises or orphans becomes a child of
the zygote as soon as its own parent is dead. So a run is over when its first process has ended and the zygote has no
child left. Standard library only.
"""

import os
import signal
from collections.abc import Collection
from pathlib import Path

ROUNDS = 2000
"""How often to look for survivors before giving up. One round kills all of a generation."""


def children(pid: int) -> list[int]:
    """The living (or dead and unreaped) children of process `pid`, as far as the system tells."""
    listing = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        return [int(word) for word in listing.read_bytes().split()]
    except OSError:
        return _children_by_stat(pid)


def _children_by_stat(pid: int) -> list[int]:
    """For kernels without /proc/*/children: look at everybody's parent. Nothing without /proc."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = stat.read_bytes().rpartition(b")")[2].split()
        except OSError:  # it ended while we looked
            continue
        if int(after_name[1]) == pid:
            found.append(int(stat.parent.name))
    return found


def kill(pid: int) -> None:
    """Kill a child that has not been reaped (so its id cannot have been given to another process)."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it is dead and unreaped on a system that reports this as an error


def kill_group(leader: int) -> None:
    """Kill what is left of the process group that `leader` led: the best there is where nobody adopts orphans."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # nobody is left in it


def end_all_children(but: Collection[int] = ()) -> int:
    """Kill and reap every child of this process but some, generation by generation. Returns how many there were.

    Raises RuntimeError when new ones appear faster than they can be killed.
    """
    ended = 0
    for _ in range(ROUNDS):
        generation = [pid for pid in children(os.getpid()) if pid not in but]
        if not generation:
            return ended
        for pid in generation:
            kill(pid)
        for pid in generation:
            os.waitpid(pid, 0)
        ended += len(generation)
    raise RuntimeError(f"processes of the run keep appearing: {ended} were killed")
