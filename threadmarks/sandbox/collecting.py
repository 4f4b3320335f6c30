"""What one run leaves, read from its pipes within limits of bytes and time.

Untrusted bytes and the kernel's own numbers: nothing is decoded here. A limit that ends a run is part of its `RawRun`; only
what is no fault of the student's code raises.
"""

import contextlib
import json
import os
import select
import socket
import time
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from threadmarks import wire
from threadmarks.errors import SandboxError
from threadmarks.sandbox import frames
from threadmarks.sandbox.starvation import Limit

KILL_GRACE_S = 20.0
"""How long a zygote may take to end and clean up a run that was told to stop."""

WIRE_LIMIT_BYTES = 96 << 20
STRAY_LIMIT_BYTES = 16 << 20
"""Stray output (what reaches descriptors 1 and 2 past the engine) beyond which a run is ended."""


class Stop(Enum):
    """Why a run ended, seen from outside."""

    ITSELF = "itself"  # it exited, or a signal ended it (also that of the processor time limit)
    DEADLINE = "deadline"  # the wall-clock limit
    WIRE_FLOOD = "wire flood"
    OUTPUT_FLOOD = "output flood"
    CANCELLED = "cancelled"  # nobody wants to know any more


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRun:
    """What a run left: untrusted bytes, and the kernel's own numbers."""

    wire: bytes
    stray: bytes  # the first `Limits.output_bytes` of what reached descriptors 1 and 2
    stray_total: int
    stop: Stop
    exit_code: int  # negative: the signal that ended it
    cpu_s: float
    max_rss_bytes: int
    orphans: int  # processes that it left behind (they were killed)
    tasks: int | None  # threads and processes that it created beside its first; None where this rung cannot count them
    voluntary_switches: int  # how often it gave the processor away by itself, all of its threads together


class ZygoteLost(Exception):
    """The zygote ended or stopped answering. The host starts another."""


class Observer(Protocol):
    """Somebody who looks at a run from outside while it goes on."""

    def started(self, pid: int) -> None:
        """The run begins in process `pid` (as this process's /proc numbers it; 0 when it cannot be seen). Must not block."""


def _visible_pid(pidfd: int) -> int:
    """The number that this process's /proc gives to the process behind a pidfd; 0 when it cannot be seen from here."""
    for line in Path(f"/proc/self/fdinfo/{pidfd}").read_text().splitlines():
        if line.startswith("Pid:"):
            return max(int(line.split()[1]), 0)
    return 0


class Cancellation:
    """Ends the runs that were started with it, from any thread. Close it when they are over."""

    def __init__(self) -> None:
        self._readable, self._writable = os.pipe()
        self.cancelled = False
        """Whether the runs are to end, for those who cannot wait for a descriptor."""

    def fileno(self) -> int:
        """Becomes readable when the runs are to end."""
        return self._readable

    def cancel(self) -> None:
        """End the runs that are going on, and any that begins later, at once."""
        self.cancelled = True
        os.write(self._writable, b"x")

    def close(self) -> None:
        """Give the descriptors back."""
        os.close(self._readable)
        os.close(self._writable)


class Collector:
    """Reads one run's pipes until the zygote says that the run is over, within limits of bytes and time."""

    def __init__(
        self,
        channel: socket.socket,
        wire_in: int,
        stray_in: int,
        limits: wire.Limits,
        cancellation: Cancellation | None,
        observer: Observer | None = None,
    ) -> None:
        self._observer = observer
        self.worn = False
        """After the run: whether the zygote asks to be replaced."""
        self._channel = channel
        self._cancelled = cancellation.fileno() if cancellation else -1
        self._wire_in = wire_in
        self._stray_in = stray_in
        self._wire = bytearray()
        self._stray = bytearray()
        self._stray_total = 0
        self._stray_kept = limits.output_bytes
        self._pidfd = -1  # of the run, once it has begun
        self._limit = Limit(self._pid, limits.wall_s)
        self._deadline = self._limit.deadline
        self._stop = Stop.ITSELF
        self._poll = select.poll()
        for descriptor in (channel.fileno(), wire_in, stray_in):
            self._poll.register(descriptor, select.POLLIN)
        if cancellation:
            self._poll.register(self._cancelled, select.POLLIN)

    def collect(self) -> RawRun:
        """Read until the end. Raises ZygoteLost, SandboxError."""
        try:
            return self._collect()
        finally:
            if self._pidfd >= 0:
                os.close(self._pidfd)

    def _collect(self) -> RawRun:
        while True:
            left = self._deadline - time.monotonic()
            if left <= 0:
                self._time_is_over()
                continue
            for descriptor, _ in self._poll.poll(left * 1000):
                if descriptor == self._channel.fileno():
                    report = self._report()
                    if report is None:
                        continue
                    self._drain()
                    self.worn = report["worn"]
                    if self._stop is Stop.DEADLINE and self._limit.hopeless:
                        raise SandboxError("the machine is so busy that a run was given no processor time to speak of")
                    return RawRun(
                        wire=bytes(self._wire),
                        stray=bytes(self._stray),
                        stray_total=self._stray_total,
                        stop=self._stop,
                        exit_code=report["exit"],
                        cpu_s=report["cpu_s"],
                        max_rss_bytes=report["max_rss_bytes"],
                        orphans=report["orphans"],
                        tasks=report["tasks"],
                        voluntary_switches=report["voluntary_switches"],
                    )
                if descriptor == self._cancelled:
                    self._end(Stop.CANCELLED)
                    self._poll.unregister(descriptor)
                elif not self._read(descriptor):
                    self._poll.unregister(descriptor)

    def _time_is_over(self) -> None:
        """End the run, unless the machine has not let it run. Raises ZygoteLost."""
        if self._stop is not Stop.ITSELF:
            raise ZygoteLost("it did not end a run that it was told to end")
        if self._limit.passed():
            self._end(Stop.DEADLINE)
        else:
            self._deadline = self._limit.deadline

    def _pid(self) -> int:
        """The run's number in this process's /proc; 0 when it has not begun, or cannot be seen."""
        return _visible_pid(self._pidfd) if self._pidfd >= 0 else 0

    def _report(self) -> dict[str, Any] | None:
        """The zygote's word on how the run ended; None when it only says that the run has begun."""
        try:
            frame = frames.receive(self._channel, descriptors=1)
        except (OSError, EOFError) as problem:
            raise ZygoteLost(str(problem)) from None
        if frame is not None and frame[0] == frames.STARTED:
            (self._pidfd,) = frame[2]
            if self._observer is not None:
                self._observer.started(self._pid())
            return None
        if frame is None or frame[0] != frames.DONE:
            raise ZygoteLost("it ended in the middle of a run")
        report: dict[str, Any] = json.loads(frame[1])
        return report

    def _read(self, descriptor: int) -> bool:
        """Take what is there. False at the end of the pipe."""
        data = os.read(descriptor, 1 << 18)
        if descriptor == self._wire_in:
            if len(self._wire) < WIRE_LIMIT_BYTES:
                self._wire += data
            else:
                self._end(Stop.WIRE_FLOOD)
        else:
            self._stray += data[: self._stray_kept - len(self._stray)]
            self._stray_total += len(data)
            if self._stray_total > STRAY_LIMIT_BYTES:
                self._end(Stop.OUTPUT_FLOOD)
        return bool(data)

    def _drain(self) -> None:
        """After the end of the run: what is left in the pipes, without waiting for anybody who still holds them."""
        for descriptor in (self._wire_in, self._stray_in):
            os.set_blocking(descriptor, False)
            with contextlib.suppress(BlockingIOError):
                while self._read(descriptor):
                    pass

    def _end(self, reason: Stop) -> None:
        if self._stop is Stop.ITSELF:
            self._stop = reason
            self._deadline = time.monotonic() + KILL_GRACE_S
            with contextlib.suppress(OSError):  # a lost zygote shows when its report is awaited
                frames.send(self._channel, frames.KILL)
