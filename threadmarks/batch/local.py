"""The executor of one machine: a judge process for each core, each with a pipe. A judge that is lost costs one retry of one file.

Order, load and the number of judges decide nothing but when a grading ends.
"""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait

from threadmarks.batch import judge_process
from threadmarks.batch.executor import Done, Job
from threadmarks.batch.judge_start import JudgeHandle, Start, spawned
from threadmarks.batch.keys import Terms
from threadmarks.errors import SandboxError
from threadmarks.sandbox import kernel

TRIES = 2
"""How often a job is tried before the grader's failure stands."""
END_GRACE_S = 20.0
LOST_STARTS = 5
"""After so many judges in a row that were lost before they could begin, the machine is of no use."""
FILES_A_PROCESS = 500
"""A judge is replaced after so many: whatever grows in a process does not grow for ever."""


@dataclass(slots=True, eq=False)
class _Judge:
    """A judge process, as its commander sees it."""

    process: JudgeHandle
    pipe: Connection
    ready: bool = False
    job: Job | None = None
    graded: int = 0


class LocalExecutor:
    """As many judges as asked for. Close it."""

    def __init__(self, terms: Terms, judges: int | None = None, *, start: Start = spawned) -> None:
        self._terms = terms
        self._start = start
        self._size = judges or len(kernel.cores())
        self._judges: list[_Judge] = []
        self._tries: dict[str, int] = {}
        self._lost_starts = 0

    def run(self, jobs: Iterable[Job]) -> Iterator[Done]:
        """Each job's end, in any order. Raises SandboxError when the machine cannot hold submissions as asked."""
        waiting = iter(jobs)
        again: list[Job] = []
        following = self._next(again, waiting)
        while following is not None or any(judge.job for judge in self._judges):
            while following is not None and (judge := self._free()) is not None:
                judge.job = following
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it is gone: its pipe will say so
                    judge.pipe.send(following)
                following = self._next(again, waiting)
            if following is not None and len(self._judges) < self._size:
                self._judges.append(self._started())
                continue
            for judge in self._spoken():
                done = self._heard(judge, again)
                if done is not None:
                    self._tries.pop(done.key, None)
                    yield done
            following = following or self._next(again, waiting)

    def _next(self, again: list[Job], waiting: Iterator[Job]) -> Job | None:
        return again.pop() if again else next(waiting, None)

    def _free(self) -> _Judge | None:
        return next((judge for judge in self._judges if judge.ready and judge.job is None), None)

    def _started(self) -> _Judge:
        process, pipe = self._start(self._terms)
        return _Judge(process=process, pipe=pipe)

    def _spoken(self) -> list[_Judge]:
        """The judges that have said something, or are gone. Blocks until there is one."""
        pipes = {judge.pipe: judge for judge in self._judges}
        return [pipes[pipe] for pipe in wait(list(pipes)) if isinstance(pipe, Connection)]

    def _heard(self, judge: _Judge, again: list[Job]) -> Done | None:
        """What a judge's message comes to. Raises SandboxError."""
        try:
            message = judge.pipe.recv()
        except (EOFError, OSError):
            return self._lost(judge, again)
        if not judge.ready:
            if message != judge_process.READY:
                raise SandboxError(str(message))
            judge.ready = True
            self._lost_starts = 0
            return None
        assert isinstance(message, Done)
        job, judge.job = judge.job, None
        judge.graded += 1
        if message.fault or judge.graded >= FILES_A_PROCESS:
            self._replace(judge)
        if message.fault and job is not None and self._may_try(job):
            again.append(job)
            return None
        return message

    def _lost(self, judge: _Judge, again: list[Job]) -> Done | None:
        """A judge is gone, and with it what it graded."""
        job, judge.job = judge.job, None
        self._replace(judge)
        code = judge.process.exitcode
        if job is None:
            self._lost_starts += not judge.ready
            if self._lost_starts >= LOST_STARTS:
                raise SandboxError(f"No judge process can be started: {LOST_STARTS} ended at once (exit code {code}).")
            return None
        if self._may_try(job):
            again.append(job)
            return None
        return Done(key=job.key, fault=f"its judge process ended, twice (exit code {code})")

    def _may_try(self, job: Job) -> bool:
        tried = self._tries.get(job.key, 0) + 1
        self._tries[job.key] = tried
        return tried < TRIES

    def _replace(self, judge: _Judge) -> None:
        """End a judge. A new one is started when there is work for it."""
        self._judges.remove(judge)
        _end([judge])

    def close(self) -> None:
        """End every judge, with what it has begun."""
        judges, self._judges = self._judges, []
        _end(judges)


def _end(judges: list[_Judge]) -> None:
    for judge in judges:
        if judge.job is not None:
            judge.process.terminate()
        judge.pipe.close()  # a judge without work ends by itself
    for judge in judges:
        judge.process.join(END_GRACE_S)
        if judge.process.is_alive():
            judge.process.kill()
            judge.process.join()
