"""Schedules per second and core, for each strategy: many schedules of a small pool that share a process.

What is timed is request to answer, the process included, on one zygote: so per core. The judge's own reading of the answer is
a row of its own, for it happens on another core or after.

Usage: python benchmarks/schedules.py [ROUNDS]
"""

import statistics
import sys
import time
from collections.abc import Callable

from _measure import ROOT, in_turn

from threadmarks import wire
from threadmarks.judge.decode import decode
from threadmarks.sandbox.host import Host

SCHEDULES = 300
FAMILIES = {
    "run to block": "block",
    "random p=0.1": "random.s{seed}",
    "random p=0.3": "random.p30.s{seed}",
    "PCT d=3": "pct.d3.k{length}.s{seed}",
}
POOL = (ROOT / "tests/runner/programs/subjects.py").read_text()
POOL_DRIVER = "def go(student, probe):\n    return student.pool()\n"
EX02 = (ROOT / "solutions/ex02_thread_pool/ex02.py").read_text()
EX02_DRIVER = (ROOT / "graders/ex02_thread_pool/scenarios.py").read_text()
SUBJECTS = {
    "pool of 3, 6 jobs": (POOL, POOL_DRIVER, "go"),
    "ex02, one job after another": (EX02, EX02_DRIVER, "one_job_after_another"),
}


def request(source: str, driver: str, scenario: str, *specs: str) -> wire.RunRequest:
    """A light request, as explorations make them."""
    return wire.RunRequest(
        version=wire.WIRE_VERSION,
        nonce="benchmark",
        module="submission",
        source=source,
        scenario_source=driver,
        scenario=scenario,
        schedules=tuple(wire.ScheduleSpec(spec) for spec in specs),
        full=False,
        input_seed=1,
        limits=wire.Limits(),
    )


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    with Host(1) as host:

        def running(request: wire.RunRequest) -> Callable[[], float]:
            def measure() -> float:
                begin = time.perf_counter()
                raw = host.run(request)
                taken = time.perf_counter() - begin
                if b'"k":"end"' not in raw.wire[-200:]:
                    raise SystemExit(f"the run did not end well: {raw.wire[-300:]!r} {raw.stray!r}")
                return len(request.schedules) / taken

            return measure

        def reading(request: wire.RunRequest) -> Callable[[], float]:
            raw = host.run(request)

            def measure() -> float:
                begin = time.perf_counter()
                decode(raw, request)
                return len(request.schedules) / (time.perf_counter() - begin)

            return measure

        for name, subject in SUBJECTS.items():
            length = decode(host.run(first := request(*subject, "block")), first).traces[0].points
            rows: dict[str, Callable[[], float]] = {}
            for family, spec in FAMILIES.items():
                specs = [spec.format(seed=seed, length=length) for seed in range(SCHEDULES)]
                rows[family] = running(request(*subject, *specs))
            rows["(reading them)"] = reading(request(*subject, *(f"random.s{seed}" for seed in range(SCHEDULES))))
            print(f"{name}, {length} choices under run to block: schedules per second")
            for row, taken in in_turn(rounds, rows).items():
                print(f"  {row:16} {statistics.median(taken):8.0f}   ({min(taken):.0f} to {max(taken):.0f})")
    print(f"(medians of {rounds} rounds in turn, {SCHEDULES} schedules a process, Python {sys.version.split()[0]})")


if __name__ == "__main__":
    main()
