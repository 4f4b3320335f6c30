"""The judge's handle of one zygote: starts it, asks it for runs, ends it with everything below it."""

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from threadmarks import content, wire
from threadmarks.errors import SandboxError
from threadmarks.sandbox import folders, frames, kernel, stragglers
from threadmarks.sandbox.collecting import KILL_GRACE_S, Cancellation, Collector, Observer, RawRun, ZygoteLost
from threadmarks.sandbox.ladder import Rung

ENTRY = "threadmarks.runner.entry"
START_TIMEOUT_S = 60.0
"""A zygote that has not said hello by then is broken. Generous: an overloaded machine must not look broken."""

ENVIRONMENT = {"PYTHONHASHSEED": "0", "MALLOC_ARENA_MAX": "1", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin", "TZ": "UTC"}
"""All that a runner sees of the judge's environment."""


class OnlyPlain(Exception):
    """The machine offers no rung that a zygote could hold."""


@dataclass(frozen=True, slots=True)
class Witness:
    """What a run that is observed from outside gets besides a plain one."""

    line: int  # a descriptor for the runner, which finds it as `template.LINE_FD`; stays the caller's here
    observer: Observer


class Zygote:
    """One zygote process. `start` returns at once, the first run waits for its hello, and starts it when it must.

    Not thread-safe.
    """

    def __init__(self, entry: str = ENTRY, rung: Rung | None = None, cores: Collection[int] = ()) -> None:
        """`cores`: what its runs stay on; none given: wherever the system puts them."""
        self._entry = entry
        self._cores = cores
        self._asked = rung
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._folder = ""
        self._greeted = False
        self._mark = ""
        self.pid = 0  # of the zygote; 0 while there is none
        self.rung: Rung | None = None  # known after the hello

    @property
    def greeted(self) -> bool:
        """Whether the process that the next run is made in has said hello, and with it how it holds a run."""
        return self._channel is not None and self._greeted

    def start(self) -> None:
        """Start the process; do not wait for it."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._folder = tempfile.mkdtemp(prefix="threadmarks-")
        work = os.path.join(self._folder, "work")
        os.mkdir(work, 0o700)
        program = Path(__file__).with_name("zygote.py").read_text()
        asked = self._asked.value if self._asked else ""
        arguments = [str(theirs.fileno()), str(content.PACKAGE.parent), work, self._entry, asked]
        self._mark = secrets.token_hex(8)
        errors_path = os.path.join(self._folder, "errors")
        with theirs, open(errors_path, "wb") as errors, kernel.fixed_addresses(), kernel.kept_to(self._cores):
            self._process = subprocess.Popen(
                [sys.executable, "-S", "-s", "-P", "-c", program, *arguments],
                env={**ENVIRONMENT, stragglers.MARK: self._mark},
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
        """Wait for the hello once, and hold it against the judge's own Python.

        Raises ZygoteLost, SandboxError, OnlyPlain.
        """
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
            if frame is not None and frame[0] == frames.REFUSED:
                raise SandboxError(frame[1].decode(errors="replace"))
            if frame is None or frame[0] != frames.HELLO:
                raise ZygoteLost(f"it ended before its hello; {self._errors()}")
            hello = json.loads(frame[1])
            python, self.rung = hello["python"], Rung(hello["rung"])
            if python != f"{sys.version_info[0]}.{sys.version_info[1]}":
                raise SandboxError(f"the runner has Python {python}; the judge has {sys.version.split()[0]}")
            if self.rung is Rung.PLAIN:
                raise OnlyPlain
            self._greeted = True
        return self._channel

    def _errors(self) -> str:
        """What the zygote wrote before it died, for the error text."""
        with contextlib.suppress(OSError):
            text = Path(self._folder, "errors").read_text(errors="replace").strip()
            return f"its last words: {text[-2000:]}" if text else "it said nothing"
        return "its folder is gone"

    def run(
        self,
        request: bytes,
        limits: wire.Limits,
        cancellation: Cancellation | None = None,
        witness: Witness | None = None,
    ) -> RawRun:
        """Run one request to its end. Raises ZygoteLost, SandboxError, OnlyPlain."""
        channel = self._greet()
        wire_in, wire_out = os.pipe()
        stray_in, stray_out = os.pipe()
        try:
            try:
                line = (witness.line,) if witness else ()
                frames.send(channel, frames.RUN, request, (wire_out, stray_out, *line))
            except OSError as problem:
                raise ZygoteLost(f"{problem}; {self._errors()}") from None
            finally:
                os.close(wire_out)
                os.close(stray_out)
            observer = witness.observer if witness else None
            collector = Collector(channel, wire_in, stray_in, limits, cancellation, observer)
            raw = collector.collect()
            if collector.worn:
                self.stop()  # the next run starts a fresh one
            return raw
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
            folders.clear(self._folder)
            self._folder = ""
