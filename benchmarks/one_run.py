"""One controlled run in a warm runner: request to answer, process and all; and how many a second all cores make.

Usage: python benchmarks/one_run.py [ROUNDS]
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from _measure import ROOT, in_turn, table

from threadmarks import wire
from threadmarks.sandbox.host import Host

TWO_SLEEPERS = """
import threading, time

def program():
    def child():
        for _ in range(4):
            time.sleep(0.5)
    handle = threading.Thread(target=child)
    handle.start()
    for _ in range(2):
        time.sleep(0.7)
    handle.join()
"""
ASYNCIO = """
import asyncio

def program():
    async def task(rounds, pause):
        for _ in range(rounds):
            await asyncio.sleep(pause)

    async def main():
        await asyncio.gather(task(4, 0.5), task(2, 0.7))

    asyncio.run(main())
"""
NOTHING = "def program(): pass\n"
CALL = "def go(student, probe):\n    student.program()\n"


def request(source: str, driver: str, scenario: str, *specs: str) -> wire.RunRequest:
    """A request for one scenario under some schedules."""
    return wire.RunRequest(
        version=wire.WIRE_VERSION,
        nonce="benchmark",
        module="submission",
        source=source,
        scenario_source=driver,
        scenario=scenario,
        schedules=tuple(wire.ScheduleSpec(spec) for spec in specs),
        full=len(specs) == 1,
        input_seed=1,
        limits=wire.Limits(),
    )


def a_second(request: wire.RunRequest, runs: int) -> float:
    """How many runs a second a zygote on each core makes, when none of them waits for the next request."""
    cores = os.cpu_count() or 1
    with Host(cores) as host, ThreadPoolExecutor(cores + 1) as callers:
        for measured in (10 * cores, runs):  # the first ones start the zygotes
            begin = time.perf_counter()
            for raw in callers.map(lambda _: host.run(request), range(measured)):
                if raw.exit_code != 0:
                    raise SystemExit(f"the run did not end well: {raw.stray!r}")
            taken = time.perf_counter() - begin
    return runs / taken


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    pool = (ROOT / "solutions/ex02_thread_pool/ex02.py").read_text()
    driver = (ROOT / "graders/ex02_thread_pool/scenarios.py").read_text()
    many = [f"random.s{seed}" for seed in range(200)]
    with Host(1) as host:

        def timed(request: wire.RunRequest, share: int = 1) -> Callable[[], float]:
            def measure() -> float:
                begin = time.perf_counter()
                raw = host.run(request)
                taken = time.perf_counter() - begin
                if b'"k":"end"' not in raw.wire[-200:]:
                    raise SystemExit(f"the run did not end well: {raw.wire[-300:]!r} {raw.stray!r}")
                return taken / share

            return measure

        print("One run in a process of its own")
        table(
            in_turn(
                rounds,
                {
                    "an empty program": timed(request(NOTHING, CALL, "go", "block")),
                    "two sleepers, 2 virtual s": timed(request(TWO_SLEEPERS, CALL, "go", "block")),
                    "the same in asyncio": timed(request(ASYNCIO, CALL, "go", "block")),
                    "pool of 3, nine gated jobs": timed(request(pool, driver, "gated_jobs", "block")),
                    "pool of 4, 200 jobs": timed(request(pool, driver, "two_hundred_jobs", "block")),
                },
            ),
            unit="ms",
        )
        print("One of 200 schedules of a small pool that share a process")
        table(
            in_turn(
                max(rounds // 10, 3),
                {
                    name: timed(request(pool, driver, name, *many), share=len(many))
                    for name in ("two_jobs_for_one_worker", "four_panics_in_pairs", "close_right_away")
                },
            ),
            unit="ms",
        )
    print("Runs a second, a zygote on each core")
    programs = {"an empty program": NOTHING, "two sleepers, 2 virtual s": TWO_SLEEPERS}
    rates: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(3):
        for name, source in programs.items():
            rates[name].append(a_second(request(source, CALL, "go", "block"), runs=10 * rounds))
    for name, seen in rates.items():
        print(f"{name:28}{min(seen):8.0f}  {statistics.median(seen):8.0f}  {max(seen):8.0f}")


if __name__ == "__main__":
    main()
