"""What each rung of the sandbox costs: one run after another in one zygote, and runs a second with a zygote per core.

Usage: python benchmarks/rungs.py [ROUNDS]
"""

import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from statistics import median

from _measure import in_turn, table
from one_run import CALL, NOTHING, TWO_SLEEPERS, request

from threadmarks import wire
from threadmarks.sandbox.host import Host
from threadmarks.sandbox.ladder import Rung, survey

PERIODS = 5


def _timed(host: Host, work: wire.RunRequest) -> Callable[[], float]:
    def measure() -> float:
        begin = time.perf_counter()
        _run(host, work)
        return time.perf_counter() - begin

    return measure


def _run(host: Host, work: wire.RunRequest) -> None:
    raw = host.run(work)
    if b'"k":"end"' not in raw.wire[-200:]:
        raise SystemExit(f"the run did not end well: {raw.wire[-300:]!r} {raw.stray!r}")


def _per_second(host: Host, work: wire.RunRequest, runs: int) -> float:
    begin = time.perf_counter()
    with ThreadPoolExecutor(host.size) as threads:
        list(threads.map(lambda _: _run(host, work), range(runs)))
    return runs / (time.perf_counter() - begin)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    offered = [found.rung for found in survey() if found.offered and found.rung != "plain"]
    works = {"an empty program": NOTHING, "two sleepers, 2 virtual s": TWO_SLEEPERS}
    with ExitStack() as stack:
        alone = {rung: stack.enter_context(Host(1, rung=rung)) for rung in offered}
        for name, source in works.items():
            work = request(source, CALL, "go", "block")
            for host in alone.values():
                _run(host, work)
            print(f"One run in a process of its own: {name}")
            table(in_turn(rounds, {rung.value: _timed(host, work) for rung, host in alone.items()}), unit="ms")
    cores = os.cpu_count() or 1
    work = request(TWO_SLEEPERS, CALL, "go", "block")
    print(f"Runs a second with {cores} zygotes (median of {PERIODS} periods of {rounds} runs, in turn): two sleepers")
    with ExitStack() as stack:
        crowds = {rung: stack.enter_context(Host(cores, rung=rung)) for rung in offered}
        for host in crowds.values():
            _per_second(host, work, cores * 4)
        figures: dict[Rung, list[float]] = {rung: [] for rung in offered}
        for _ in range(PERIODS):
            for rung, host in crowds.items():
                figures[rung].append(_per_second(host, work, rounds))
    for rung, values in figures.items():
        print(f"{rung.value:>20} {median(values):8.0f}")


if __name__ == "__main__":
    main()
