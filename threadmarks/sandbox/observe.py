"""Looks at a process from outside, by what the kernel says of each of its tasks (threads).

A look is a fact, and two equal looks are a stronger one: when every task waited without a limit of time for something that
only this process or the judge can give, and none was switched in between, then nobody in it can ever move again by itself.
No load and no schedule can produce that. Whatever cannot be read, and every kind of wait that is not known to be of that
sort, counts as "may still move". Linux only: elsewhere a look is None. Must not know what a run is about.
"""

import os
import platform
import signal
from dataclasses import dataclass
from enum import Enum

_READ = {"x86_64": 0, "aarch64": 63}
_FUTEX = {"x86_64": 202, "aarch64": 98}
"""System call numbers; those of aarch64 are from the kernel's headers and were not run."""

_FUTEX_PRIVATE = 128  # only threads of the same process can wake it
_FUTEX_OPERATION = 127
_FUTEX_WAITS = frozenset({0, 9})  # FUTEX_WAIT, FUTEX_WAIT_BITSET
_RESTING = b"S"  # "interruptible sleep": neither running, nor able to run, nor waiting for a disk

_HARMLESS = frozenset({signal.SIGINT, 32, 33})
"""Signals with a handler that move nobody: nobody sends an interrupt, and the C library uses two of its own for threads
that cancel each other or change their user. A handler for any other (an alarm) may wake a process that seems still."""
_HARMLESS_BITS = sum(1 << (number - 1) for number in _HARMLESS)
_WHOLE = 1 << 16
"""Bytes, more than any such file has."""


class Waiting(Enum):
    """What a task waits for, as far as it can be told from outside."""

    LINE = "line"  # for an answer on its line to the judge
    OWN_PROCESS = "own process"  # for another task of its process, without a limit of time
    UNKNOWN = "unknown"  # runs, waits for a limited time, or for something else, or it cannot be seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task, at one moment."""

    waiting: Waiting
    voluntary: int  # how often it gave the processor away by itself
    involuntary: int
    inner_id: int  # its number in its own pid namespace: these are given one after the other; 0 when it has none


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """All tasks of a process, by number, each at one moment. `main` is the first one's number."""

    main: int
    born: int  # when the process began, in clock ticks: a number that is used again is another process
    tasks: dict[int, Task]
    wakeable: bool  # a signal could make it go on

    @property
    def resting(self) -> bool:
        """Whether each task was seen waiting for the judge or for another task, without a limit of time."""
        return not self.wakeable and all(task.waiting is not Waiting.UNKNOWN for task in self.tasks.values())

    def still_since(self, earlier: "Look | None") -> bool:
        """Whether nothing has moved since `earlier` and nobody can: at one moment in between, all waited at once."""
        return self.resting and self == earlier


def look(pid: int, line: int) -> Look | None:
    """Look at process `pid`, whose line to the judge is its descriptor `line`. None when it is gone or cannot be seen."""
    try:
        tasks = {int(name): _task(pid, int(name), line) for name in os.listdir(f"/proc/{pid}/task")}
        return Look(main=pid, born=_born(pid), tasks=tasks, wakeable=_wakeable(pid))
    except (OSError, ValueError, KeyError, IndexError):  # a task ended while it was looked at, or there is no /proc
        return None


def _task(pid: int, task: int, line: int) -> Task:
    """The counters are read before the wait: a switch in between shows in the next look's counters."""
    folder = f"/proc/{pid}/task/{task}"
    status = _read(f"{folder}/status")
    inner = _field(status, b"NSpid").split() if b"\nNSpid:" in status else []
    return Task(
        waiting=_waiting(folder, line),
        voluntary=int(_field(status, b"voluntary_ctxt_switches")),
        involuntary=int(_field(status, b"nonvoluntary_ctxt_switches")),
        inner_id=int(inner[-1]) if len(inner) > 1 else 0,
    )


def _read(path: str) -> bytes:
    """A file of the kernel's, which gives all of it in one piece. A watch reads thousands: nothing is made around them."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, _WHOLE)
    finally:
        os.close(descriptor)


def _field(status: bytes, name: bytes) -> bytes:
    """What stands in a row of a status. Raises ValueError when there is no such row."""
    begin = status.index(b"\n" + name + b":") + len(name) + 2
    return status[begin : status.index(b"\n", begin)]


def _waiting(folder: str, line: int) -> Waiting:
    machine = platform.machine()
    if machine not in _READ:
        return Waiting.UNKNOWN
    try:
        if _read(f"{folder}/stat").rpartition(b")")[2].split(None, 1)[0] != _RESTING:
            return Waiting.UNKNOWN
        words = _read(f"{folder}/syscall").split()
    except PermissionError:  # /proc/*/syscall wants the right to trace
        return Waiting.UNKNOWN
    if len(words) < 5 or not words[0].isdigit():  # "running", or stopped outside of a system call
        return Waiting.UNKNOWN
    call, arguments = int(words[0]), [int(word, 16) for word in words[1:5]]
    if call == _READ[machine]:
        return Waiting.LINE if arguments[0] == line else Waiting.UNKNOWN
    operation, time_limit = arguments[1], arguments[3]
    endless = (
        call == _FUTEX[machine]
        and operation & _FUTEX_OPERATION in _FUTEX_WAITS
        and operation & _FUTEX_PRIVATE
        and time_limit == 0
    )
    return Waiting.OWN_PROCESS if endless else Waiting.UNKNOWN


def _wakeable(pid: int) -> bool:
    caught = int(_field(_read(f"/proc/{pid}/status"), b"SigCgt"), 16)
    return bool(caught & ~_HARMLESS_BITS)


def _born(pid: int) -> int:
    return int(_read(f"/proc/{pid}/stat").rpartition(b")")[2].split()[19])
