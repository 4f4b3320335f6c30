"""Two ways to start a judge process; either gives a handle on it, and the pipe to talk to it.

`spawned` is multiprocessing's, on every system. `executed` is for a process that multiprocessing lets start none, such as the
workers that a Dask nanny looks after: these are daemons in its sense.
"""

import contextlib
import multiprocessing
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Protocol

from threadmarks import content
from threadmarks.batch import judge_process
from threadmarks.batch.keys import Terms


class JudgeHandle(Protocol):
    """A judge process, as whoever started it holds it. The names are multiprocessing's."""

    @property
    def pid(self) -> int | None: ...

    @property
    def exitcode(self) -> int | None: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...

    def join(self, timeout: float | None = None) -> None: ...

    def is_alive(self) -> bool: ...


Start = Callable[[Terms], tuple[JudgeHandle, Connection]]


def spawned(terms: Terms) -> tuple[JudgeHandle, Connection]:
    """A child by multiprocessing. Ends with this process: its sentinel tells."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=judge_process.main, args=(theirs, terms), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def executed(terms: Terms) -> tuple[JudgeHandle, Connection]:
    """A program of its own. Ends with this process: a pipe that nobody writes to comes to its end. POSIX only."""
    ours, theirs = socket.socketpair()
    watch, held = os.pipe()
    with theirs:
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", judge_process.__name__, str(theirs.fileno()), str(watch)],
                pass_fds=(theirs.fileno(), watch),
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": _search_path()},
            )
        except BaseException:
            ours.close()
            os.close(held)
            raise
        finally:
            os.close(watch)
    pipe = Connection(ours.detach())
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it is gone already: its pipe will say so
        pipe.send(terms)
    return _Executed(process, held), pipe


def _search_path() -> str:
    """Finds this kit first, wherever this process has found it."""
    given = os.environ.get("PYTHONPATH", "")
    return os.pathsep.join([str(content.PACKAGE.parent), *([given] if given else [])])


class _Executed:
    """A handle on a program."""

    def __init__(self, process: subprocess.Popen[bytes], held: int) -> None:
        self._process = process
        self._held: int | None = held

    @property
    def pid(self) -> int | None:
        return self._process.pid

    @property
    def exitcode(self) -> int | None:
        return self._process.poll()

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()

    def join(self, timeout: float | None = None) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)
        if not self.is_alive() and self._held is not None:
            os.close(self._held)
            self._held = None

    def is_alive(self) -> bool:
        return self._process.poll() is None
