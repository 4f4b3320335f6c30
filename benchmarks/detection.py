"""How many schedules it takes to find each racy program of the corpus, and how many a second are tried: the strategies of
this kit one by one, its portfolio, and two tools that others have written, on the same programs in one run.

    python benchmarks/detection.py [--seeds 5] [--budget 300] [--only NAME ...] [--tools FOLDER]

`--tools`: a throw-away environment that holds the other tools; without it, this kit is measured alone. It needs Python 3.12 or newer:

    python3.12 -m venv tools && tools/bin/pip install interleave-test==0.1.0 frontrun==0.7.0
    python benchmarks/detection.py --tools tools

Each cell is the median over seeds of the schedules tried until the program failed ("-": not within the budget; "!": the tool gave
up, or cannot run the program). Schedules a second: on repaired programs, where no search stops early; start-up of zygotes and tools not
counted, one after the other, so per core. Nothing is asserted. interleave-test gets the program's own file to interleave, as
this kit does; frontrun has no such setting.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.subjects.pairs import BY_NAME, PAIRS, Pair  # noqa: E402  # the corpus is no installed package

FAMILIES: dict[str, str] = {
    "PCT d=2": "pct.d2.k{twice}.s{seed}",
    "PCT d=3": "pct.d3.k{length}.s{seed}",
    "POS": "pos.s{seed}",
    "random p=.1": "random.s{seed}",
    "random p=.3": "random.p30.s{seed}",
    "sync only": "sync.s{seed}",
}
PORTFOLIO = "portfolio"
OVERRUN_S = 120
RATED = ("counter_attribute", "two_accounts", "if_for_while")
RATED_SCHEDULES = 120


class Cell:
    """One program under one strategy: schedules until found, by seed; None where it was not."""

    def __init__(self) -> None:
        self.found: list[int | None] = []
        self.gave_up = False

    @property
    def median(self) -> float | None:
        """None: not found with most seeds."""
        values = sorted(float("inf") if value is None else float(value) for value in self.found)
        middle = values[(len(values) - 1) // 2] if values else float("inf")
        return None if middle == float("inf") else middle

    def __str__(self) -> str:
        if self.gave_up or not self.found:
            return "!"
        return "-" if self.median is None else f"{self.median:g}"


# -- this kit ------------------------------------------------------------------------------------------------------------


def _specs(name: str, number: int, budget: int, length: int) -> tuple[str, ...]:
    """The schedules that a strategy (or the portfolio) tries with a seed list."""
    from threadmarks.judge import portfolio

    seed = portfolio.Seeds(number)
    if name == PORTFOLIO:
        return portfolio.schedules(budget, length, seed)
    text = FAMILIES[name]
    return tuple(text.format(length=length, twice=2 * length, seed=seed[index]) for index in range(budget))


def ours(pairs: list[Pair], seeds: int, budget: int) -> tuple[dict[str, dict[str, Cell]], dict[str, list[float]]]:
    """Every strategy, and the portfolio, on one zygote: what was found, and schedules a second."""
    from tests.subjects.trial import session_of
    from threadmarks.sandbox.host import Host

    names = (PORTFOLIO, *FAMILIES)
    found: dict[str, dict[str, Cell]] = {name: {} for name in names}
    rates: dict[str, list[float]] = {name: [] for name in names}
    with Host(1) as host:
        for pair in pairs:
            session = session_of(pair, "fails", host)
            length = _length(session, pair)
            for name, by_pair in found.items():
                cell = by_pair[pair.name] = Cell()
                cell.found = [_search(session, pair, _specs(name, number, budget, length)) for number in range(seeds)]
            session.close()
            _say(f"this kit: {pair.name}")
        for pair in (BY_NAME[name] for name in RATED):
            session = session_of(pair, "holds", host)
            length = _length(session, pair)
            for name in names:
                begin = time.perf_counter()
                _search(session, pair, _specs(name, 0, RATED_SCHEDULES, length))
                rates[name].append(RATED_SCHEDULES / (time.perf_counter() - begin))
            session.close()
    return found, rates


def _length(session, pair: Pair) -> int:
    from threadmarks.judge import portfolio

    block = session.run_alone(pair.name, portfolio.BLOCK)
    return max(block.trace.record.points if block.trace is not None else 0, 1)


def _search(session, pair: Pair, specs: tuple[str, ...]) -> int | None:
    """Schedules until the first that fails."""
    from tests.subjects.trial import expectation
    from threadmarks.judge.exploring import CHUNK, judge_one

    predicate = expectation(pair)
    for start in range(0, len(specs), CHUNK):
        for index, result in enumerate(session.run_many(pair.name, specs[start : start + CHUNK], full=False)):
            if judge_one(result, predicate, ()) is not None:
                return start + index + 1
    return None


# -- other tools, each program in a process of its own -------------------------------------------------------------------


def theirs(
    tools: Path, pairs: list[Pair], seeds: int, budget: int
) -> tuple[dict[str, dict[str, Cell]], dict[str, list[float]]]:
    """What the other tools say, asked in their own environment."""
    found: dict[str, dict[str, Cell]] = {}
    rates: dict[str, list[float]] = {}
    for tool, modes in (("interleave-test", ("pct", "random")), ("frontrun", ("dpor", "random"))):
        python = [str(tools / "bin" / "python"), str(Path(__file__).resolve()), "--within", tool]
        launcher = [str(tools / "bin" / "frontrun")] if tool == "frontrun" else []
        for mode in modes:
            row = found[f"{tool} {mode}"] = {}
            for pair in pairs:
                cell = row[pair.name] = Cell()
                for seed in range(1 if mode == "dpor" else seeds):  # a systematic search has no seed
                    told = _ask([*launcher, *python, mode, pair.name, "fails", str(seed), str(budget)])
                    if told is None:
                        cell.gave_up = True
                        break
                    cell.found.append(told[0])
                _say(f"{tool} {mode}: {pair.name}: {cell}")
            asked = [[*launcher, *python, mode, name, "holds", "0", str(RATED_SCHEDULES)] for name in RATED]
            rates[f"{tool} {mode}"] = [told[1] / told[2] for told in map(_ask, asked) if told is not None]
    return found, rates


def _ask(command: list[str]) -> tuple[int | None, int, float] | None:
    """(schedules until found, schedules, seconds) as the other side prints them; None when it could not."""
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=OVERRUN_S, env=environment)
        found, schedules, seconds = json.loads(done.stdout.decode().splitlines()[-1])
    except (subprocess.TimeoutExpired, ValueError, IndexError):
        return None
    return found, schedules, seconds


def within(tool: str, mode: str, name: str, side: str, seed: int, budget: int) -> None:
    """Runs in the other environment: one search, told as one line of JSON."""
    from tests.subjects import foreign

    pair = BY_NAME[name]
    if foreign.why_not(pair):
        raise SystemExit(foreign.why_not(pair))
    begin = time.perf_counter()
    if tool == "interleave-test":
        import interleave_test

        result = interleave_test.explore(
            foreign.model(pair, side),
            iterations=budget,
            seed=seed,
            strategy=mode,
            include=[foreign.program_path(pair, side)],
            raise_on_failure=False,
        )
        failed, tried = result.failure is not None, result.schedules_run
    else:
        failed, tried = _frontrun(pair, side, mode, seed, budget)
    print(json.dumps([tried if failed else None, tried, time.perf_counter() - begin]), flush=True)
    os._exit(0)  # threads that the tool could not end do not keep us


def _frontrun(pair: Pair, side: str, mode: str, seed: int, budget: int) -> tuple[bool, int]:
    import frontrun

    from tests.subjects import foreign

    codes: dict[str, object] = {}
    count = len(foreign.Staged(pair, side, codes).calls)
    if not count:
        raise SystemExit("the program starts its threads itself, which the tool does not control")
    workers: list[Callable[[foreign.Staged], None]] = [lambda s, n=n: s.work(n) for n in range(count)]
    limits = {"max_executions": budget} if mode == "dpor" else {"max_attempts": budget, "seed": seed}
    result = frontrun.explore(
        setup=lambda: foreign.Staged(pair, side, codes),
        workers=workers,
        invariant=foreign.Staged.right,
        strategy=mode,
        reproduce_on_failure=0,
        deadlock_timeout=2.0,
        total_timeout=60.0,
        **limits,
    )
    if result.property_holds is None:
        raise SystemExit(f"gave up: {result.explanation}")
    return not result.property_holds, result.num_explored


# -- the tables ------------------------------------------------------------------------------------------------------------


def report(
    pairs: list[Pair], found: dict[str, dict[str, Cell]], rates: dict[str, list[float]], seeds: int, budget: int
) -> None:
    """Schedules to detection by program, then a line for each search."""
    names = list(found)
    print(f"| Program | {' | '.join(names)} |\n|---|{'---|' * len(names)}")
    for pair in pairs:
        print(f"| `{pair.name}` | {' | '.join(str(found[name][pair.name]) for name in names)} |")
    base = found[PORTFOLIO]
    print("\n| Search | found | tried | could not | median to detection | to the portfolio's | schedules a second |")
    print("|---|---|---|---|---|---|---|")
    for name in names:
        cells = found[name]
        tried = [pair.name for pair in pairs if str(cells[pair.name]) != "!"]
        caught = [key for key in tried if cells[key].median is not None]
        both = [cells[key].median / base[key].median for key in caught if base[key].median is not None]
        middle = f"{statistics.median(cells[key].median for key in caught):g}" if caught else "-"
        ratio = f"{statistics.median(both):.2f}" if both else "-"
        rate = f"{statistics.median(rates[name]):.0f}" if rates[name] else "-"
        print(f"| {name} | {len(caught)} | {len(tried)} | {len(pairs) - len(tried)} | {middle} | {ratio} | {rate} |")
    print(f"\n({seeds} seeds, at most {budget} schedules each; this kit on Python {sys.version.split()[0]})")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    if sys.argv[1:2] == ["--within"]:
        tool, mode, name, side, seed, budget = sys.argv[2:]
        within(tool, mode, name, side, int(seed), int(budget))
    parser = argparse.ArgumentParser(description="Schedules to detection, and schedules a second.")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--budget", type=int, default=300)
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", choices=sorted(BY_NAME))
    parser.add_argument("--tools", type=Path, help="an environment with interleave-test and frontrun")
    options = parser.parse_args()
    pairs = [pair for pair in PAIRS if not options.only or pair.name in options.only]
    found, rates = ours(pairs, options.seeds, options.budget)
    if options.tools:
        more_found, more_rates = theirs(options.tools, pairs, options.seeds, options.budget)
        found, rates = found | more_found, rates | more_rates
    report(pairs, found, rates, options.seeds, options.budget)


if __name__ == "__main__":
    main()
