"""One judge process of a batch: takes a job, grades it, sends what came of it, until its pipe ends.

Its zygotes and the witness's stay warm from file to file. It ends when told, and when the process that commands it is gone.
"""

import contextlib
import os
import signal
import sys
import threading
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from threadmarks import catalog
from threadmarks.batch import store
from threadmarks.batch.executor import Done, Job
from threadmarks.batch.keys import Terms, kit
from threadmarks.errors import SandboxError, ThreadmarksError
from threadmarks.judge import grade_source
from threadmarks.judge.floor import require
from threadmarks.judge.foundations import Foundation, references
from threadmarks.model import Report, Verdict
from threadmarks.sandbox.host import PLAIN_ENTRY, Host
from threadmarks.sandbox.ladder import Rung
from threadmarks.sandbox.saferead import Source

if TYPE_CHECKING:
    from threadmarks.judge.pytest_session import HeldChecks

READY = "ready"


class _Ending:
    """Turns SIGTERM into an exception, and remembers it: a library between may keep the exception to itself.

    `watch` can be waited for, and is ready when whoever commands this process is gone.
    """

    def __init__(self, watch: int | None) -> None:
        self.asked = False
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(
            signal.SIGINT, signal.SIG_IGN
        )  # Ctrl-C goes to the whole group; the one in command says what to do
        if watch is not None:
            threading.Thread(target=_end_with, args=(watch,), daemon=True).start()

    def _end(self, number: int, frame: FrameType | None) -> NoReturn:
        del number, frame
        self.asked = True
        sys.unraisablehook = lambda _: None  # where nobody can catch it (a finalizer), nobody wants to read of it
        raise KeyboardInterrupt


def _end_with(watch: int) -> None:
    wait([watch])
    os.kill(os.getpid(), signal.SIGTERM)


def main(pipe: Connection, terms: Terms, watch: int | None = None) -> None:
    """Grade until the pipe ends. The first message sent is READY, or why nothing can be graded.

    `watch`: a descriptor that comes to its end with whoever commands this process; default: multiprocessing's parent.
    """
    parent = parent_process()
    if watch is None and parent is not None:
        watch = parent.sentinel
    ending = _Ending(watch)
    # What a check or pytest prints is no answer of `grade batch`'s.
    sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # for as long as this process lives
    ends = (KeyboardInterrupt, EOFError, BrokenPipeError, ConnectionResetError)
    with contextlib.suppress(*ends), Host(1) as host, Host(1, entry=PLAIN_ENTRY) as witness_host:
        from threadmarks.judge.pytest_session import HeldChecks  # pytest, while the zygotes get ready

        lowest = Rung(terms.lowest)
        try:
            require(host, lowest)
            require(witness_host, lowest)
        except SandboxError as problem:
            pipe.send(str(problem))
            return
        pipe.send(READY)
        exercises = {exercise.id: exercise for exercise in catalog.load()}
        with HeldChecks() as held:
            kept = Kept(host=host, witness_host=witness_host, held=held)
            while not ending.asked:
                job: Job = pipe.recv()
                pipe.send(_done(job, exercises[job.exercise], kept, terms))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a judge keeps from file to file."""

    host: Host
    witness_host: Host
    held: "HeldChecks"


@lru_cache(maxsize=64)
def _built_upon(exercise: catalog.Exercise) -> tuple[Foundation, ...]:
    return references(exercise)


def _done(job: Job, exercise: catalog.Exercise, kept: Kept, terms: Terms) -> Done:
    """The end of a job, whatever happens."""
    source = Source(file=exercise.file_name, text=job.text)
    try:
        difference = kit(exercise).differs(job.kit) if job.kit else ""
        if difference:
            return Done(key=job.key, fault=f"a judge elsewhere cannot grade it: {difference}")
        report = grade_source(
            exercise,
            source,
            secret=terms.secret,
            host=kept.host,
            witness_host=kept.witness_host,
            held=kept.held,
            built_upon=_built_upon(exercise),
            official=terms.official,
            lowest=Rung(terms.lowest),
        )
        return Done(key=job.key, encoded=store.encode(report), fault=fault_of(report))
    except ThreadmarksError as problem:
        return Done(key=job.key, fault=str(problem))
    except Exception as problem:  # one submission never stops the rest
        return Done(key=job.key, fault=f"{type(problem).__name__}: {problem}")


def fault_of(report: Report) -> str:
    """What the grader failed at in a report, "" when nothing: such a report stands for this run, and is made anew by the next."""
    faults = [check for check in report.checks if check.verdict is Verdict.GRADER_FAULT]
    if not faults:
        return ""
    last = faults[0].fault.strip().rpartition("\n")[2]
    return f"{', '.join(check.spec.name for check in faults)}: {last}"


if __name__ == "__main__":
    commander = Connection(int(sys.argv[1]))
    main(commander, commander.recv(), int(sys.argv[2]))
