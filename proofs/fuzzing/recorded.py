"""Real answers to start from: what the runner truly sent for every exercise's reference. Made when a fuzzer starts, not kept.

Everything that differs from run to run (the nonce) is replaced, so that a corpus made from them can be used again.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from threadmarks import catalog, wire
from threadmarks.catalog import Exercise
from threadmarks.judge import grade_source
from threadmarks.judge.session import Session
from threadmarks.sandbox.host import Host, RawRun
from threadmarks.sandbox.saferead import Source, read

NONCE = "00112233aabbccdd"
BROKEN_FILES = (
    "def broken(:\n",
    "import nothing_of_this_name\n",
    "x = 1\n",
    "import os\nos._exit(0)\n",
)
"""Files for which a runner says other things than for a reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One request, and what the runner sent."""

    exercise: str
    request: wire.RunRequest
    wire: bytes


class Recorder(Host):
    """A host that keeps what passed through it."""

    def __init__(self) -> None:
        super().__init__(1)
        self.kept: list[tuple[wire.RunRequest, RawRun]] = []

    def run(self, request: wire.RunRequest, *rest: object, **options: object) -> RawRun:
        """Run, and keep the answer."""
        raw = super().run(request, *rest, **options)  # type: ignore[arg-type]  # whatever else a host takes
        self.kept.append((request, raw))
        return raw


def every_run(exercise: Exercise, host: Recorder, most_schedules: int | None = None) -> Iterator[Recorded]:
    """Every run of a whole grading of the exercise's reference; `most_schedules`: of each exploration."""
    host.kept.clear()
    grade_source(exercise, read(exercise.reference), host=host, most_schedules=most_schedules)
    for request, raw in host.kept:
        yield _recorded(exercise, request, raw)


def seeds(limit_bytes: int = 6_000, each: int = 6) -> list[Recorded]:
    """A few small answers of every exercise, full and light, and of files that cannot be loaded."""
    found: list[Recorded] = []
    with Recorder() as host:
        for exercise in catalog.load():
            runs = sorted(every_run(exercise, host), key=lambda run: (len(run.wire), run.request.scenario))
            small = [run for run in runs if len(run.wire) <= limit_bytes]
            full = [run for run in small if run.request.full]
            light = [run for run in small if not run.request.full]
            found += [run for part in (full, light) for run in part[:: max(1, len(part) // each)]]
        found += broken_files(catalog.load()[-1], host)
    return found


def broken_files(exercise: Exercise, host: Recorder) -> list[Recorded]:
    """What comes of files that cannot be loaded."""
    host.kept.clear()
    for text in BROKEN_FILES:
        session = Session(exercise, Source(file="ex.py", text=text), host)
        try:
            session.load().result()
            session.run_alone(session.scenarios[0], "block")
        finally:
            session.close()
    return [_recorded(exercise, request, raw) for request, raw in host.kept]


def _recorded(exercise: Exercise, request: wire.RunRequest, raw: RawRun) -> Recorded:
    """With a nonce that is always the same, and without the sources, which nothing here reads."""
    fixed = msgspec.structs.replace(request, nonce=NONCE, source="", scenario_source="")
    return Recorded(exercise=exercise.id, request=fixed, wire=raw.wire.replace(request.nonce.encode(), NONCE.encode()))
