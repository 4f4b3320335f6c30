"""What a cluster's worker process keeps from job to job: judges, warm, as many as jobs are graded there at once.

Nothing here knows Dask. `examined` and `graded` are what the executor of `cluster` has called on a worker.
"""

import threading

from threadmarks import catalog
from threadmarks.batch.executor import Done, Job
from threadmarks.batch.judge_start import executed
from threadmarks.batch.keys import Kit, Terms, kit
from threadmarks.batch.local import LocalExecutor
from threadmarks.errors import SandboxError, ThreadmarksError

IDLE_S = 600.0
"""Judges with nothing to do for so long are ended: whoever commanded them may have been killed."""


def examined(kits: dict[str, Kit]) -> str:
    """Why this worker cannot grade with these kits, one for each exercise's id; "" when it can."""
    try:
        known = catalog.load()
        return next(filter(None, (kit(catalog.resolve(each, known)).differs(kits[each]) for each in sorted(kits))), "")
    except ThreadmarksError as problem:
        return str(problem)


def graded(job: Job, terms: Terms) -> Done:
    """Grade one text by a judge of this process's. Everything that goes wrong is a fault of the grader's."""
    return _bench.graded(job, terms)


def dismiss() -> None:
    """End the judges that have nothing to do, and the others as soon as they have answered."""
    _bench.dismiss()


class Bench:
    """The judges of this process."""

    def __init__(self, idle_s: float = IDLE_S) -> None:
        self._idle_s = idle_s
        self._lock = threading.Lock()
        self._idle: dict[Terms, list[LocalExecutor]] = {}  # several batches, each with its secret, may be at work here
        self._generation = 0
        self._timer: threading.Timer | None = None

    def graded(self, job: Job, terms: Terms) -> Done:
        """The end of a job, by a judge that waits here or by a new one. Called from several threads at once."""
        judge, generation = self._taken(terms)
        try:
            (done,) = judge.run([job])
            return done
        except SandboxError as problem:
            return Done(key=job.key, fault=str(problem))
        finally:
            self._put_back(judge, terms, generation)

    def _taken(self, terms: Terms) -> tuple[LocalExecutor, int]:
        with self._lock:
            idle = self._idle.get(terms)
            return idle.pop() if idle else LocalExecutor(terms, 1, start=executed), self._generation

    def _put_back(self, judge: LocalExecutor, terms: Terms, generation: int) -> None:
        with self._lock:
            keep = generation == self._generation
            if keep:
                self._idle.setdefault(terms, []).append(judge)
            if self._timer is not None:
                self._timer.cancel()
            self._timer = threading.Timer(self._idle_s, self.dismiss)
            self._timer.daemon = True
            self._timer.start()
        if not keep:
            judge.close()

    def dismiss(self) -> None:
        """End the judges that have nothing to do, and the others as soon as they have answered."""
        with self._lock:
            idle, self._idle = self._idle, {}
            self._generation += 1
        for judge in [judge for judges in idle.values() for judge in judges]:
            judge.close()


_bench = Bench()
