"""The executor of many machines: a Dask cluster, whose workers have this kit installed and grade with judges of their own.

A worker that is lost costs the files that it had in work a second try, on another: Dask hands them on. A judge that is lost costs
a retry there, as on one machine (`local`). What is sent is a text and the terms, the secret among them: on a network that
others listen to, use Dask's own TLS (`tls://`).
"""

import contextlib
import importlib
import queue
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from threadmarks.batch import bench
from threadmarks.batch.executor import Done, Job
from threadmarks.batch.keys import Terms, kit
from threadmarks.catalog import Exercise
from threadmarks.errors import SandboxError, UsageError

CONNECT_S = 20.0
ALONE_S = 120.0
"""How long a cluster may be without a worker: they take their time to start, and a nanny starts a lost one anew."""
LOOK_S = 5.0
JOBS_A_THREAD = 2
"""How many jobs are under way for each thread of the cluster: one in work, and one that waits beside it."""
Future = Any
"""A `distributed.Future` of a Done. Dask is an extra, and mostly untyped."""


class ClusterExecutor:
    """The workers behind a scheduler's address. Close it."""

    def __init__(self, terms: Terms, address: str, exercises: Iterable[Exercise]) -> None:
        """Raises UsageError when nobody answers there, SandboxError when a worker has another kit."""
        self._terms = terms
        self._address = address
        self._kits = {exercise.id: kit(exercise) for exercise in exercises}
        self._client = _connected(address)
        self._under_way: dict[str, tuple[Job, Future]] = {}
        self._ended: queue.Queue[Future] = queue.Queue()
        try:
            self._examine()
        except BaseException:
            self._client.close()
            raise

    def _examine(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=ALONE_S)
        except TimeoutError:
            raise UsageError(f"The Dask scheduler at {self._address} has no worker.") from None
        told: dict[str, str | BaseException] = self._client.run(bench.examined, self._kits, on_error="return")
        for worker, problem in sorted(told.items()):
            if problem:
                raise SandboxError(f"The worker at {worker} cannot grade this batch: {problem}.")

    def run(self, jobs: Iterable[Job]) -> Iterator[Done]:
        """Each job's end, in any order. Raises SandboxError when the cluster is gone."""
        waiting = iter(jobs)
        while True:
            self._fill(waiting)
            if not self._under_way:
                return
            future = self._next_ended()
            job, _ = self._under_way.pop(future.key)
            yield _end_of(job, future)

    def _fill(self, waiting: Iterator[Job]) -> None:
        """Have as many jobs under way as the cluster can use."""
        room = max(1, JOBS_A_THREAD * sum(self._client.nthreads().values())) - len(self._under_way)
        for _ in range(room):
            job = next(waiting, None)
            if job is None:
                return
            there = replace(job, kit=self._kits[job.exercise])
            future = self._client.submit(bench.graded, there, self._terms, pure=False)
            self._under_way[future.key] = (job, future)
            future.add_done_callback(self._ended.put)

    def _next_ended(self) -> Future:
        """Blocks. Raises SandboxError when there can be none."""
        alone_since: float | None = None
        while True:
            with contextlib.suppress(queue.Empty):
                return self._ended.get(timeout=LOOK_S)
            if self._client.status != "running":
                raise SandboxError(f"The Dask scheduler at {self._address} is gone. Run the command again to go on.")
            if self._client.nthreads():
                alone_since = None
                continue
            alone_since = alone_since or time.monotonic()
            if time.monotonic() - alone_since > ALONE_S:
                raise SandboxError(
                    f"The Dask cluster at {self._address} has no worker left. Run the command again to go on."
                )

    def close(self) -> None:
        """Call off what has not begun, and send the judges home. What a worker has in work ends by itself."""
        futures = [future for _, future in self._under_way.values()]
        self._under_way.clear()
        with contextlib.suppress(Exception):  # the cluster may be gone: then there is nothing to call off
            self._client.cancel(futures, force=True)
            self._client.run(bench.dismiss, on_error="ignore")
        self._client.close()


def _end_of(job: Job, future: Future) -> Done:
    if future.status == "finished":
        done: Done = future.result()
        return done
    problem = future.exception() if future.status == "error" else future.status
    told = f"{type(problem).__name__}: {problem}" if isinstance(problem, BaseException) else str(problem)
    return Done(key=job.key, fault=f"the cluster did not grade it ({told})")


def _connected(address: str) -> Any:
    try:
        library: Any = importlib.import_module("distributed")  # an extra: types are not checked against it
    except ImportError:
        raise UsageError("Dask is not installed: pip install 'threadmarks[cluster]'") from None
    try:
        return library.Client(address, timeout=CONNECT_S, name="threadmarks", set_as_default=False)
    except (OSError, ValueError, TimeoutError) as problem:
        raise UsageError(f"No Dask scheduler answers at {address!r}: {problem}") from None
