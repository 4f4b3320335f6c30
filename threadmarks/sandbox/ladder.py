"""The rungs of the sandbox, from the strictest to none, and which of them this machine offers.

A rung is probed by performing it in a throw-away child, never by looking at versions (`probe.py` does it). Standard library
only, and importable everywhere: reports and settings name rungs on machines that offer none of them.
"""

import os
import stat
import sys
from dataclasses import dataclass
from enum import StrEnum


class Rung(StrEnum):
    """How a runner is held, strictest first."""

    FULL = "full"  # namespaces, a file view of its own, limits, Landlock, a system-call filter
    NO_USER_NAMESPACE = "no-user-namespace"  # the same without namespaces and view
    RLIMITS = "rlimits"  # a process of its own with resource limits; another user, where the judge is root
    PLAIN = "plain"  # a process of its own

    def reaches(self, lowest: "Rung") -> bool:
        """Whether this rung is at least as strict as `lowest`."""
        order = list(Rung)
        return order.index(self) <= order.index(lowest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a machine says to one rung."""

    rung: Rung
    offered: bool
    problem: str  # "" when offered; else the step that failed, and the system's words


def survey() -> tuple[Survey, ...]:
    """All rungs, strictest first, each tried. Forks; call it single-threaded."""
    import tempfile  # a zygote does without it

    with tempfile.TemporaryDirectory(prefix="threadmarks-") as place:
        os.chmod(place, stat.S_IRWXU | stat.S_IXGRP | stat.S_IXOTH)  # noqa: S103  # as a zygote's folder is
        return tuple(_tried(rung, place) for rung in Rung)


def best(place: str) -> Rung:
    """The strictest rung that works for runs below the folder `place`. Forks; call it single-threaded."""
    return next(rung for rung in Rung if _tried(rung, place).offered)


def _tried(rung: Rung, place: str) -> Survey:
    if rung is Rung.PLAIN:
        return Survey(rung=rung, offered=True, problem="")
    if sys.platform != "linux":
        return Survey(rung=rung, offered=False, problem=f"{sys.platform}: only Linux has it")
    from threadmarks.sandbox import probe  # stands on modules that only Unix has

    problem = probe.problem_of(rung, place)
    return Survey(rung=rung, offered=not problem, problem=problem)
