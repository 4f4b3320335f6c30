"""Limits of real time that are put off while the machine does not let a process run.

A limit of real time is there for programs that hang. Where a process is ready to run and hardly ever given a processor, the same
limit would end innocent programs, and only on that machine and on that day. The kernel tells the two apart: it keeps an account,
for each task, of the time on a processor and of the time spent ready for one. A program cannot make itself wait for a
processor: with threads of its own in its way it has used the processors itself, which shows in the same account.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

RAN_ENOUGH = 1 / 3
"""The share of a limit's time on processors with which nobody was kept from running."""
KEPT_WAITING = 1 / 2
"""The share of a limit's time spent ready, without a processor, from which on the machine is what is slow."""
PUT_OFF = 20
"""How often one limit is put off by its own length. After that the machine is of no use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a process has had of the processors so far, all of its present tasks together, in seconds."""

    ran_s: float
    ready_s: float  # able to run, and not let


def share(pid: int) -> Share | None:
    """The account of a process; None when it is gone, or where the kernel keeps none. Linux only."""
    try:
        names = os.listdir(f"/proc/{pid}/task")
        accounts = [Path(f"/proc/{pid}/task/{name}/schedstat").read_text().split() for name in names]
        return Share(
            ran_s=sum(int(account[0]) for account in accounts) / 1e9,
            ready_s=sum(int(account[1]) for account in accounts) / 1e9,
        )
    except (OSError, ValueError, IndexError):
        return None


def starved(before: Share | None, now: Share | None, seconds: float) -> bool:
    """Whether a process was kept from running for most of so many seconds; False where that is not known."""
    if before is None or now is None:
        return False
    ran_s, ready_s = now.ran_s - before.ran_s, now.ready_s - before.ready_s
    return ran_s < RAN_ENOUGH * seconds and ready_s >= KEPT_WAITING * seconds


class Limit:
    """A limit of real time for one process. Begins when it is made."""

    def __init__(self, pid: Callable[[], int], seconds: float) -> None:
        """`pid` gives 0 as long as the process has not begun: until then it is the kit's own that are slow."""
        self._pid = pid
        self._seconds = seconds
        self._put_off = 0
        self._begin()

    def _begin(self) -> None:
        pid = self._pid()
        self._before = share(pid) if pid else Share(ran_s=0.0, ready_s=0.0)
        self.deadline = time.monotonic() + self._seconds

    @property
    def hopeless(self) -> bool:
        """Whether it has been put off as often as it can be: then nothing is known of the program."""
        return self._put_off >= PUT_OFF

    def passed(self) -> bool:
        """Whether the time is over and the process could have used it. Otherwise the limit begins anew."""
        if time.monotonic() < self.deadline:
            return False
        pid = self._pid()
        if self.hopeless or not (pid == 0 or starved(self._before, share(pid), self._seconds)):
            return True
        self._put_off += 1
        self._begin()
        return False
