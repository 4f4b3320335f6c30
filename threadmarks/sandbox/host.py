"""The judge's side of the sandbox: a few zygotes, and runs handed to whichever is free.

A run gives a `RawRun`: bytes and numbers, nothing decoded, nothing trusted. Must not decode the wire:
`judge/decode.py` does.
"""

import os
import queue
import select
import socket
import sys
import threading
from types import TracebackType
from typing import Self

from threadmarks import wire
from threadmarks.errors import SandboxError
from threadmarks.sandbox import kernel
from threadmarks.sandbox.collecting import Cancellation, RawRun, Stop, ZygoteLost
from threadmarks.sandbox.handle import ENTRY, OnlyPlain, Witness, Zygote
from threadmarks.sandbox.ladder import Rung
from threadmarks.sandbox.plain import PlainRunner

__all__ = ["PLAIN_ENTRY", "Cancellation", "Host", "RawRun", "Rung", "Stop", "Witness"]

PLAIN_ENTRY = "threadmarks.runner.plain"
"""The entry module of a host for plain runs, the second witness's."""


Handle = Zygote | PlainRunner


def has_zygotes() -> bool:
    """Whether this system has all that a zygote stands on."""
    needed = ((os, "fork"), (os, "setsid"), (socket, "AF_UNIX"), (socket, "send_fds"), (select, "poll"))
    return sys.platform == "linux" and all(hasattr(module, name) for module, name in needed)


MOST_ZYGOTES = 4
"""One for each core, but no more than this unless asked for: the runs of a single submission have no use for more."""


def shares_of_cores(number: int) -> list[tuple[int, ...]]:
    """The cores that this process may use, dealt out: runs side by side then never share one while another idles."""
    cores = kernel.cores()
    return [tuple(cores[place % len(cores) :: number]) for place in range(number)]


class Host:
    """A few zygotes, and the queue of those that are free. Thread-safe: as many runs at a time as there are zygotes."""

    def __init__(self, zygotes: int | None = None, entry: str = ENTRY, rung: Rung | None = None) -> None:
        """`rung` None: the strictest that the machine offers; a rung that it does not offer is a SandboxError at the first run."""
        self.size = min(MOST_ZYGOTES, len(kernel.cores())) if zygotes is None else zygotes
        self._entry = entry
        plain = rung is Rung.PLAIN or (rung is None and not has_zygotes())
        lacking = rung not in (None, Rung.PLAIN) and not has_zygotes()
        self._problem = (
            f"the rung {rung!s} is not offered here: {sys.platform} lacks what it stands on" if lacking else ""
        )
        shares = [()] * self.size if entry == PLAIN_ENTRY else shares_of_cores(self.size)
        self._all: list[Handle] = [PlainRunner(entry) if plain else Zygote(entry, rung, share) for share in shares]
        self._free: queue.LifoQueue[Handle] = queue.LifoQueue()
        self._start_lock = threading.Lock()
        self._started = False

    def start(self) -> None:
        """Start the zygotes and return at once: they get ready while the judge imports what it needs."""
        with self._start_lock:
            if not self._started and not self._problem:
                self._started = True
                for zygote in self._all:
                    zygote.start()
                    self._free.put(zygote)

    @property
    def rung(self) -> Rung | None:
        """How runs are held, as far as zygotes have said so: the weakest of their rungs."""
        said = [zygote.rung for zygote in self._all if zygote.rung]
        return next((rung for rung in reversed(Rung) if rung in said), None)

    @property
    def greeted(self) -> bool:
        """Whether every zygote that the next runs are made in has said how it holds them."""
        return self._started and all(zygote.greeted for zygote in self._all)

    def run(
        self, request: wire.RunRequest, cancellation: Cancellation | None = None, witness: Witness | None = None
    ) -> RawRun:
        """Run one request. A lost zygote is replaced and the run repeated once. Raises SandboxError.

        With a `witness` the run gets a line of its own to the judge, and is not repeated: its line may have been used.
        """
        if self._problem:
            raise SandboxError(self._problem)
        self.start()
        encoded = wire.encode_request(request)
        zygote = self._free.get()
        try:
            try:
                return zygote.run(encoded, request.limits, cancellation, witness)
            except OnlyPlain:
                zygote = self._replaced(zygote)
                return zygote.run(encoded, request.limits, cancellation, witness)
            except ZygoteLost:
                if witness:
                    raise
                zygote.stop()
                return zygote.run(encoded, request.limits, cancellation)
        except ZygoteLost as problem:
            zygote.stop()
            raise SandboxError(f"the runner was lost{'' if witness else ' twice'}: {problem}") from None
        except BaseException:  # an interrupt in the middle of a run: its remains must not answer the next one
            zygote.stop()
            raise
        finally:
            self._free.put(zygote)

    def _replaced(self, zygote: Handle) -> Handle:
        """A handle that starts a process a run, in the place of one that found no rung to hold runs on."""
        zygote.stop()
        plain = PlainRunner(self._entry)
        with self._start_lock:
            self._all[self._all.index(zygote)] = plain
        return plain

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
