"""The plain rung: each run in a fresh Python, started for it, on every system that has processes and pipes.

The same interface as a zygote's handle. Uses no fork, no polling of pipes, no sockets and no descriptors beyond a process's
three, so that it can serve macOS, Windows, and containers that forbid the rest; it was run on Linux only, also with all of
that taken away (`tests/sandbox/test_plain_rung.py`), and neither on macOS nor on Windows.

It contains nothing but time, bytes, and where the system has them limits of resources: a program may read the judge's files,
reach the network, and leave a process behind that has made itself a session of its own. A judge that is killed leaves the
run that goes on to its own end. What is lost of determinism: where the system cannot fix addresses (it is asked to, on Linux),
an order that depends on them, like that of a set of objects without a hash of their own, may differ from run to run.
A file that depends on it is then called suspect and not wrong.
"""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from threadmarks import content, wire
from threadmarks.errors import SandboxError
from threadmarks.sandbox import folders, kernel
from threadmarks.sandbox.collecting import (
    KILL_GRACE_S,
    STRAY_LIMIT_BYTES,
    WIRE_LIMIT_BYTES,
    Cancellation,
    RawRun,
    Stop,
    ZygoteLost,
)
from threadmarks.sandbox.handle import ENTRY, ENVIRONMENT, START_TIMEOUT_S, Witness
from threadmarks.sandbox.ladder import Rung
from threadmarks.sandbox.starvation import Limit

LOOK_S = 0.05
"""How often a run that says nothing is looked after: for a cancellation and the deadline."""
REMAINS_S = 2.0
"""How long the pipes of a process that has ended may stay open: somebody else holds them then, who is not waited for."""
_PART_BYTES = 1 << 16
_PARTS_WAITING = 64
_KEPT = ("SYSTEMROOT", "SYSTEMDRIVE")
"""What Windows cannot start a process without."""

Part = tuple[str, bytes]


def program() -> str:
    """The text that a run's Python is started with."""
    return Path(__file__).with_name("zygote.py").read_text(encoding="utf-8")


class _Spawned:
    """One process that is there for one run, and the threads that move its bytes."""

    def __init__(self, entry: str) -> None:
        self.folder = tempfile.mkdtemp(prefix="threadmarks-")
        work = os.path.join(self.folder, "work")
        os.mkdir(work, 0o700)
        arguments = ["", str(content.PACKAGE.parent), work, entry, ""]
        own = {name: os.environ[name] for name in _KEPT if name in os.environ}
        places = dict.fromkeys(("TMPDIR", "TEMP", "TMP", "HOME"), work)
        with kernel.fixed_addresses():
            self.process = subprocess.Popen(
                [sys.executable, "-S", "-s", "-P", "-c", program(), *arguments],
                env={**ENVIRONMENT, **own, **places},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=work,
                bufsize=0,
                start_new_session=os.name == "posix",
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # Ctrl-C is for the judge
            )
        self.parts: queue.Queue[Part] = queue.Queue(_PARTS_WAITING)
        self.cpu_s = 0.0
        self.max_rss_bytes = 0
        self._given_up = threading.Event()
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        for name, stream in (("wire", self.process.stdout), ("stray", self.process.stderr)):
            self._in_thread(self._read, name, stream)
        self._waiter = self._in_thread(self._wait)
        self._asked = False

    def ask(self, request: bytes) -> None:
        """Send the request, in a thread of its own: the process may not be there to read it yet."""
        self._asked = True
        self._in_thread(self._write, request)

    def kill(self) -> None:
        """End the process, if it has not ended, and where the system has groups everything in its group."""
        if self.process.returncode is not None:
            return
        if os.name == "posix":  # `Popen.kill` would wait for it first, which the thread below does
            self._kill_group()
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGKILL)
        else:
            with contextlib.suppress(OSError):
                self.process.kill()

    def _kill_group(self) -> None:
        with contextlib.suppress(OSError):  # there is nobody in it
            os.killpg(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        """End it, let the threads go, and remove its folder."""
        self._given_up.set()
        self.kill()
        self._waiter.join(KILL_GRACE_S)
        assert self.process.stdin is not None
        if not self._asked:
            self.process.stdin.close()
        folders.clear(self.folder)

    def _in_thread(self, act: Callable[..., None], *arguments: object) -> threading.Thread:
        thread = threading.Thread(target=act, args=arguments, daemon=True, name="plain run")
        thread.start()
        return thread

    def _put(self, part: Part) -> bool:
        """Hand a part on; False when nobody wants it any more."""
        while not self._given_up.is_set():
            with contextlib.suppress(queue.Full):
                self.parts.put(part, timeout=LOOK_S)
                return True
        return False

    def _read(self, name: str, stream: IO[bytes]) -> None:
        with stream, contextlib.suppress(OSError):
            while (data := stream.read(_PART_BYTES)) and self._put((name, data)):
                pass
        self._put((f"{name} end", b""))

    def _write(self, request: bytes) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):  # it is gone: the wire shows it
            view = memoryview(request)
            while view:
                view = view[self.process.stdin.write(view) :]
        with contextlib.suppress(OSError):
            self.process.stdin.close()

    def _wait(self) -> None:
        if hasattr(os, "waitid"):  # while it is not yet waited for, no other group can have its number
            os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)
            self._kill_group()
        if hasattr(os, "wait4"):
            _, status, used = os.wait4(self.process.pid, 0)
            self.process.returncode = os.waitstatus_to_exitcode(status)
            self.cpu_s = used.ru_utime + used.ru_stime
            self.max_rss_bytes = used.ru_maxrss if sys.platform == "darwin" else used.ru_maxrss * 1024
        else:
            self.process.wait()
        self._put(("exit", b""))


class PlainRunner:
    """What a zygote's handle is on the other rungs. Keeps one process ahead. Not thread-safe."""

    def __init__(self, entry: str = ENTRY) -> None:
        self._entry = entry
        self._spare: _Spawned | None = None
        self.pid = 0  # of the process that is kept ahead; 0 while there is none
        self.rung: Rung | None = Rung.PLAIN
        self.greeted = True  # there is nothing to be told

    def start(self) -> None:
        """Start the first process; do not wait for it."""
        if self._spare is None:
            self._spare = _Spawned(self._entry)
            self.pid = self._spare.process.pid

    def run(
        self,
        request: bytes,
        limits: wire.Limits,
        cancellation: Cancellation | None = None,
        witness: Witness | None = None,
    ) -> RawRun:
        """Run one request to its end. Raises ZygoteLost, SandboxError."""
        if witness is not None:
            raise SandboxError("a run on the plain rung cannot be watched from outside")
        self.start()
        spawned, self._spare = self._spare, None
        assert spawned is not None
        try:
            first = _ready(spawned)
            spawned.ask(request)
            self.start()
            return _Collection(spawned, limits, cancellation).collect(first)
        finally:
            spawned.close()

    def hang_up(self) -> None:
        """Tell the process that is kept ahead to end; do not wait for it."""
        if self._spare is not None:
            self._spare.kill()

    def stop(self) -> None:
        """End the process that is kept ahead."""
        if self._spare is not None:
            self._spare.close()
            self._spare = None
            self.pid = 0


def _ready(spawned: _Spawned) -> bytes:
    """Wait until the process has loaded the engine; what came after that word. Raises ZygoteLost, SandboxError."""
    deadline = time.monotonic() + START_TIMEOUT_S
    told = stray = b""
    while b"\n" not in told:
        try:
            name, data = spawned.parts.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise ZygoteLost("a process was not ready in time") from None
        if name == "wire":
            told += data
        elif name == "stray":
            stray += data
        elif name == "wire end":
            raise ZygoteLost(f"it ended before it was ready; its last words: {stray[-2000:].decode(errors='replace')}")
    python, _, rest = told.partition(b"\n")
    if python != b"%d.%d" % sys.version_info[:2]:
        raise SandboxError(f"the runner has Python {python!r}; the judge has {sys.version.split()[0]}")
    return rest


class _Collection:
    """Takes one run's bytes until its process has ended, within limits of bytes and time."""

    def __init__(self, spawned: _Spawned, limits: wire.Limits, cancellation: Cancellation | None) -> None:
        self._spawned = spawned
        self._cancellation = cancellation
        self._wire = bytearray()
        self._stray = bytearray()
        self._stray_total = 0
        self._stray_kept = limits.output_bytes
        self._limit = Limit(lambda: spawned.process.pid, limits.wall_s)
        self._deadline = self._limit.deadline
        self._stop = Stop.ITSELF
        self._open = {"wire end", "stray end", "exit"}

    def collect(self, first: bytes) -> RawRun:
        """Read until the end. Raises ZygoteLost."""
        self._take("wire", first)
        while self._open:
            left = self._deadline - time.monotonic()
            if left <= 0:
                if "exit" not in self._open:
                    break  # the process is gone, and somebody else holds its pipes
                if self._stop is not Stop.ITSELF:
                    raise ZygoteLost("it did not end when it was killed")
                if self._limit.passed():
                    self._end(Stop.DEADLINE)
                else:
                    self._deadline = self._limit.deadline
            if self._cancellation is not None and self._cancellation.cancelled:
                self._end(Stop.CANCELLED)
            with contextlib.suppress(queue.Empty):
                self._take(*self._spawned.parts.get(timeout=min(max(left, 0.0), LOOK_S)))
        return RawRun(
            wire=bytes(self._wire),
            stray=bytes(self._stray),
            stray_total=self._stray_total,
            stop=self._stop,
            exit_code=self._spawned.process.returncode,
            cpu_s=self._spawned.cpu_s,
            max_rss_bytes=self._spawned.max_rss_bytes,
            orphans=0,  # not known here
            tasks=None,
            voluntary_switches=0,
        )

    def _take(self, name: str, data: bytes) -> None:
        match name:
            case "wire":
                if len(self._wire) < WIRE_LIMIT_BYTES:
                    self._wire += data
                else:
                    self._end(Stop.WIRE_FLOOD)
            case "stray":
                self._stray += data[: self._stray_kept - len(self._stray)]
                self._stray_total += len(data)
                if self._stray_total > STRAY_LIMIT_BYTES:
                    self._end(Stop.OUTPUT_FLOOD)
            case _:
                self._open.discard(name)
                if name == "exit":
                    self._deadline = time.monotonic() + REMAINS_S

    def _end(self, reason: Stop) -> None:
        if self._stop is Stop.ITSELF and "exit" in self._open:
            self._stop = reason
            self._deadline = time.monotonic() + KILL_GRACE_S
            self._spawned.kill()
