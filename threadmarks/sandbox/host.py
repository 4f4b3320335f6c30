"""The judge's side of the sandbox: zygotes, and runs in them.

`Host` keeps a few zygotes and hands each run to a free one. A run gives a `RawRun`: bytes and numbers, nothing decoded,
nothing trusted. A limit that ends a run is part of its `RawRun`; only what is no fault of the student's code raises.
Must not decode the wire: `judge/decode.py` does.
"""

import contextlib
import json
import os
import queue
import secrets
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Self

from threadmarks import content, wire
from threadmarks.errors import SandboxError
from threadmarks.sandbox import frames, kernel, stragglers
from threadmarks.sandbox.ladder import Rung

ENTRY = "threadmarks.runner.entry"
START_TIMEOUT_S = 60.0
"""A zygote that has not said hello by then is broken. Generous: an overloaded machine must not look broken."""

KILL_GRACE_S = 20.0
"""How long a zygote may take to end and clean up a run that was told to stop."""

WIRE_LIMIT_BYTES = 96 << 20
STRAY_LIMIT_BYTES = 16 << 20
"""Stray output (what reaches descriptors 1 and 2 past the engine) beyond which a run is ended."""


_ENVIRONMENT = {"PYTHONHASHSEED": "0", "MALLOC_ARENA_MAX": "1", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}
"""All that a runner sees of the judge's environment."""


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


class ZygoteLost(Exception):
    """The zygote ended or stopped answering. The host starts another."""


class Cancellation:
    """Ends the runs that were started with it, from any thread. Close it when they are over."""

    def __init__(self) -> None:
        self._readable, self._writable = os.pipe()

    def fileno(self) -> int:
        """Becomes readable when the runs are to end."""
        return self._readable

    def cancel(self) -> None:
        """End the runs that are going on, and any that begins later, at once."""
        os.write(self._writable, b"x")

    def close(self) -> None:
        """Give the descriptors back."""
        os.close(self._readable)
        os.close(self._writable)


class Zygote:
    """One zygote process. `start` returns at once, the first run waits for its hello, and starts it when it must.

    Not thread-safe.
    """

    def __init__(self, entry: str = ENTRY) -> None:
        self._entry = entry
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._folder = ""
        self._greeted = False
        self._mark = ""
        self.pid = 0  # of the zygote; 0 while there is none
        self.rung: Rung | None = None  # known after the hello

    def start(self) -> None:
        """Start the process; do not wait for it."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._folder = tempfile.mkdtemp(prefix="threadmarks-")
        work = os.path.join(self._folder, "work")
        os.mkdir(work, 0o700)
        program = str(Path(__file__).with_name("zygote.py"))
        arguments = [str(theirs.fileno()), str(content.PACKAGE.parent), work, self._entry]
        self._mark = secrets.token_hex(8)
        with theirs, open(os.path.join(self._folder, "errors"), "wb") as errors, kernel.fixed_addresses():
            self._process = subprocess.Popen(
                [sys.executable, "-S", "-s", "-P", program, *arguments],
                env={**_ENVIRONMENT, stragglers.MARK: self._mark},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                cwd=work,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._channel = ours
        self._greeted = False
        self.pid = self._process.pid

    def _greet(self) -> socket.socket:
        """Wait for the hello once, and hold it against the judge's own Python. Raises ZygoteLost, SandboxError."""
        if self._channel is None:
            self.start()
        assert self._channel is not None
        if not self._greeted:
            try:
                self._channel.settimeout(START_TIMEOUT_S)
                frame = frames.receive(self._channel)
                self._channel.settimeout(None)
            except (OSError, EOFError) as problem:
                raise ZygoteLost(f"no hello: {problem}; {self._errors()}") from None
            if frame is None or frame[0] != frames.HELLO:
                raise ZygoteLost(f"it ended before its hello; {self._errors()}")
            hello = json.loads(frame[1])
            python, self.rung = hello["python"], Rung(hello["rung"])
            if python != f"{sys.version_info[0]}.{sys.version_info[1]}":
                raise SandboxError(f"the runner has Python {python}; the judge has {sys.version.split()[0]}")
            self._greeted = True
        return self._channel

    def _errors(self) -> str:
        """What the zygote wrote before it died, for the error text."""
        with contextlib.suppress(OSError):
            text = Path(self._folder, "errors").read_text(errors="replace").strip()
            return f"its last words: {text[-2000:]}" if text else "it said nothing"
        return "its folder is gone"

    def run(self, request: bytes, limits: wire.Limits, cancellation: Cancellation | None) -> RawRun:
        """Run one request to its end. Raises ZygoteLost."""
        channel = self._greet()
        wire_in, wire_out = os.pipe()
        stray_in, stray_out = os.pipe()
        try:
            try:
                frames.send(channel, frames.RUN, request, (wire_out, stray_out))
            except OSError as problem:
                raise ZygoteLost(f"{problem}; {self._errors()}") from None
            finally:
                os.close(wire_out)
                os.close(stray_out)
            return _Collector(channel, wire_in, stray_in, limits, cancellation).collect()
        finally:
            os.close(wire_in)
            os.close(stray_in)

    def hang_up(self) -> None:
        """Tell the zygote to end; do not wait for it."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def stop(self) -> None:
        """End the zygote and everything below it, and remove its folder."""
        self.hang_up()
        if self._process is not None:
            try:
                self._process.wait(KILL_GRACE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            if self._process.returncode != 0:  # it did not end of itself, so it may have left something behind
                stragglers.kill_marked(self._mark)
            self._process = None
            self.pid = 0
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)  # what a lost zygote left may be in any state
            self._folder = ""


class _Collector:
    """Reads one run's pipes until the zygote says that the run is over, within limits of bytes and time."""

    def __init__(
        self,
        channel: socket.socket,
        wire_in: int,
        stray_in: int,
        limits: wire.Limits,
        cancellation: Cancellation | None,
    ) -> None:
        self._channel = channel
        self._cancelled = cancellation.fileno() if cancellation else -1
        self._wire_in = wire_in
        self._stray_in = stray_in
        self._wire = bytearray()
        self._stray = bytearray()
        self._stray_total = 0
        self._stray_kept = limits.output_bytes
        self._deadline = time.monotonic() + limits.wall_s
        self._stop = Stop.ITSELF
        self._poll = select.poll()
        for descriptor in (channel.fileno(), wire_in, stray_in):
            self._poll.register(descriptor, select.POLLIN)
        if cancellation:
            self._poll.register(self._cancelled, select.POLLIN)

    def collect(self) -> RawRun:
        """Read until the end. Raises ZygoteLost."""
        while True:
            left = self._deadline - time.monotonic()
            if left <= 0:
                if self._stop is not Stop.ITSELF:
                    raise ZygoteLost("it did not end a run that it was told to end")
                self._end(Stop.DEADLINE)
                continue
            for descriptor, _ in self._poll.poll(left * 1000):
                if descriptor == self._channel.fileno():
                    report = self._report()
                    self._drain()
                    return RawRun(
                        wire=bytes(self._wire),
                        stray=bytes(self._stray),
                        stray_total=self._stray_total,
                        stop=self._stop,
                        exit_code=report["exit"],
                        cpu_s=report["cpu_s"],
                        max_rss_bytes=report["max_rss_bytes"],
                        orphans=report["orphans"],
                    )
                if descriptor == self._cancelled:
                    self._end(Stop.CANCELLED)
                    self._poll.unregister(descriptor)
                elif not self._read(descriptor):
                    self._poll.unregister(descriptor)

    def _report(self) -> dict[str, int]:
        try:
            frame = frames.receive(self._channel)
        except (OSError, EOFError) as problem:
            raise ZygoteLost(str(problem)) from None
        if frame is None or frame[0] != frames.DONE:
            raise ZygoteLost("it ended in the middle of a run")
        report: dict[str, int] = json.loads(frame[1])
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


class Host:
    """A few zygotes, and the queue of those that are free. Thread-safe: as many runs at a time as there are zygotes."""

    def __init__(self, zygotes: int | None = None, entry: str = ENTRY) -> None:
        self.size = min(2, os.cpu_count() or 1) if zygotes is None else zygotes
        self._all = [Zygote(entry) for _ in range(self.size)]
        self._free: queue.LifoQueue[Zygote] = queue.LifoQueue()
        self._start_lock = threading.Lock()
        self._started = False

    def start(self) -> None:
        """Start the zygotes and return at once: they get ready while the judge imports what it needs."""
        with self._start_lock:
            if not self._started:
                self._started = True
                for zygote in self._all:
                    zygote.start()
                    self._free.put(zygote)

    @property
    def rung(self) -> Rung | None:
        """How runs are held, as far as a zygote has said so."""
        return next((zygote.rung for zygote in self._all if zygote.rung), None)

    def run(self, request: wire.RunRequest, cancellation: Cancellation | None = None) -> RawRun:
        """Run one request. A lost zygote is replaced and the run repeated once. Raises SandboxError."""
        self.start()
        encoded = wire.encode_request(request)
        zygote = self._free.get()
        try:
            try:
                return zygote.run(encoded, request.limits, cancellation)
            except ZygoteLost:
                zygote.stop()
                return zygote.run(encoded, request.limits, cancellation)
        except ZygoteLost as problem:
            zygote.stop()
            raise SandboxError(f"the runner was lost twice: {problem}") from None
        except BaseException:  # an interrupt in the middle of a run: its remains must not answer the next one
            zygote.stop()
            raise
        finally:
            self._free.put(zygote)

    def stop(self) -> None:
        """End every zygote with everything below it."""
        with self._start_lock:
            self._started = False
            self._free = queue.LifoQueue()
            for zygote in self._all:
                zygote.hang_up()
            for zygote in self._all:
                zygote.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
