"""The corpus of racy programs and their repaired twins (`tests/subjects/`), much further than the tests go.

Every failing program is explored with each of `--lists` seed lists, each with the default budget: all must catch it, for a
reason that the table of the pairs names. (The table also tells what the drawn schedules find without the search in order.) Every repaired one runs under `--schedules` schedules: none may fail. The first part takes
minutes, the second hours: `--state FILE` keeps what is done, program by program and slice by slice, and a second call goes
on from there (a changed program begins anew; throw the file away after a change of the engine).

Usage: python proofs/subjects.py [--lists 20] [--schedules 100000] [--only NAME ...] [--from N] [--state FILE]
Exit code 1 when a failing program was missed or a repaired one failed.
"""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.subjects.pairs import BY_NAME, PAIRS, Pair
from tests.subjects.trial import BUDGET, expectation, explore, session_of
from threadmarks.judge import portfolio
from threadmarks.judge.exploring import CHUNK, Failed, judge_one
from threadmarks.judge.session import Session
from threadmarks.sandbox.host import Host

IN_ONE_PROCESS = 100
"""More than an exploration puts into one, to be faster; whatever fails is asked again in a process of its own."""
SLICE = 20 * IN_ONE_PROCESS
"""Schedules between two looks at the progress. Memory does not grow with their number."""


@dataclass(slots=True)
class Row:
    """What was found about one pair."""

    pair: Pair
    tried: list[int] = field(default_factory=list)  # schedules until caught, by seed list
    missed: list[str] = field(default_factory=list)
    drawn: list[int] = field(default_factory=list)  # the same without the search of one schedule after the other
    lists: int = 0  # how many seed lists were asked for that
    held: int = 0  # schedules of the repaired program that were judged
    blamed: list[str] = field(default_factory=list)


class State:
    """What earlier calls have done: one JSON line for each seed list and each slice."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._done: dict[str, Any] = {}
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                entry = json.loads(line)
                self._done[entry["what"]] = entry["found"]

    def get(self, what: str) -> Any:
        """What was found, or None when it is still to be done."""
        return self._done.get(what)

    def put(self, what: str, found: Any) -> None:
        self._done[what] = found
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"what": what, "found": found}) + "\n")


def key(pair: Pair, side: str, *more: object) -> str:
    """A name for a piece of work: another one when the program or its driver's file has changed."""
    text = pair.source(side) + pair.driver.read_text(encoding="utf-8") + repr(pair.notes)
    mark = hashlib.sha256(text.encode()).hexdigest()[:12]
    return " ".join(map(str, (pair.name, side, f"{sys.version_info.major}.{sys.version_info.minor}", mark, *more)))


def catch(row: Row, host: Host, lists: int, state: State) -> None:
    """The failing program under each seed list."""
    for number in range(lists):
        what = key(row.pair, "fails", BUDGET, number)
        found = state.get(what)
        if found is None:
            outcome = explore(row.pair, "fails", host, seeds=portfolio.Seeds(number))
            caught = isinstance(outcome, Failed) and outcome.failure.finding.code in row.pair.codes
            told = outcome.failure.finding.code if isinstance(outcome, Failed) else "held"
            found = [outcome.tried, "" if caught else told]
            state.put(what, found)
        tried, told = found
        if told:
            row.missed.append(f"seed list {number}: {told} after {tried}")
        else:
            row.tried.append(tried)


def draw(row: Row, host: Host, lists: int, state: State) -> None:
    """The failing program under the drawn schedules alone: a search in order finds most of them whatever the seeds are."""
    session = session_of(row.pair, "fails", host)
    try:
        block = session.run_alone(row.pair.name, portfolio.BLOCK)
        points = block.trace.record.points if block.trace is not None else 0
        predicate = expectation(row.pair)
        for number in range(lists):
            what = key(row.pair, "fails", BUDGET, number, "drawn")
            found = state.get(what)
            if found is None:
                found = 0
                specs = portfolio.schedules(BUDGET, points, portfolio.Seeds(number))
                parts = [specs[start : start + CHUNK] for start in range(0, BUDGET, CHUNK)]
                runs = (run for part in parts for run in session.run_many(row.pair.name, part, full=False))
                for tried, run in enumerate(runs, 1):
                    if judge_one(run, predicate, ()) is not None:
                        found = tried
                        break
                state.put(what, found)
            row.lists += 1
            if found:
                row.drawn.append(found)
    finally:
        session.close()


def _slices(specs: Sequence[str], begin: int) -> Iterator[tuple[int, Sequence[str]]]:
    for start in range(begin, len(specs), SLICE):
        yield start, specs[start : start + SLICE]


def _failures(session: Session, pair: Pair, specs: Sequence[str], pool: ThreadPoolExecutor) -> list[str]:
    """Every schedule of `specs` in which the repaired program fails."""
    failures = []
    parts = [specs[start : start + IN_ONE_PROCESS] for start in range(0, len(specs), IN_ONE_PROCESS)]
    predicate = expectation(pair)
    for results in pool.map(lambda part: session.run_many(pair.name, part, full=False), parts):
        for result in results:
            failure = judge_one(result, predicate, ())
            if failure is not None:
                alone = judge_one(session.run_alone(pair.name, result.spec), predicate, ())
                again = "alone too" if alone is not None else "not alone"
                failures.append(f"{failure.finding.code} under {result.spec} ({again})")
    return failures


def hold(row: Row, host: Host, schedules: int, begin: int, state: State, side: str = "holds") -> None:
    """The repaired program under many schedules."""
    session = session_of(row.pair, side, host)
    try:
        block = session.run_alone(row.pair.name, portfolio.BLOCK)
        assert block.trace is not None, block.failure
        specs = portfolio.schedules(schedules, block.trace.record.points)
        with ThreadPoolExecutor(host.size) as pool:
            since, here = time.monotonic(), 0
            for start, part in _slices(specs, begin):
                what = key(row.pair, side, start, len(part))
                failures = state.get(what)
                if failures is None:
                    failures = _failures(session, row.pair, part, pool)
                    state.put(what, failures)
                    here += len(part)
                    rate = here / (time.monotonic() - since)
                    _say(f"{row.pair.name}: {start + len(part):>7} of {len(specs)}, {rate:.0f} a second")
                row.held += len(part)
                row.blamed += failures
    finally:
        session.close()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _figures(tried: Sequence[int], lists: int) -> str:
    """Median, maximum, and how many lists caught it."""
    if not lists:
        return f"{'-':>6} {'-':>5} {'-':>6}"
    middle, most = (f"{median(tried):g}", f"{max(tried)}") if tried else ("-", "-")
    return f"{middle:>6} {most:>5} {f'{len(tried)}/{lists}':>6}"


def report(rows: Sequence[Row]) -> None:
    """The table, and whatever went wrong below it."""
    width = max(len(row.pair.name) for row in rows)
    print(f"\n{'':{width}}  {'':18}  {'caught after':19}  {'drawn ones alone':19}  {'repaired':14}")
    heading = f"{'median':>6} {'max':>5} {'lists':>6}"
    print(f"{'program':{width}}  {'kind':18}  {heading}  {heading}  {'held':>7} {'failed':>6}")
    for row in rows:
        found = _figures(row.tried, len(row.tried) + len(row.missed))
        drawn = _figures(row.drawn, row.lists)
        print(
            f"{row.pair.name:{width}}  {row.pair.kind.value:18}  {found}  {drawn}  {row.held:>7} {len(row.blamed):>6}"
        )
    for row in rows:
        for told in row.missed:
            print(f"MISSED  {row.pair.name}: {told}")
        for told in row.blamed[:5]:
            print(f"BLAMED  {row.pair.name}: {told}")
    print(f"(schedules until caught, over the seed lists; Python {sys.version.split()[0]})")


def main() -> int:
    parser = argparse.ArgumentParser(description="Racy programs are caught, repaired ones are not blamed.")
    parser.add_argument("--lists", type=int, default=20, help="seed lists for each failing program; 0 leaves them out")
    parser.add_argument("--schedules", type=int, default=100_000, help="for each repaired program; 0 leaves them out")
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", choices=sorted(BY_NAME))
    parser.add_argument(
        "--from", dest="begin", type=int, default=0, metavar="N", help="leave out the first N schedules"
    )
    parser.add_argument("--state", type=Path, help="a file that keeps what is done; go on from there")
    options = parser.parse_args()
    state = State(options.state)
    rows = [Row(pair=pair) for pair in PAIRS if not options.only or pair.name in options.only]
    with Host() as host:
        for row in rows:
            catch(row, host, options.lists, state)
            draw(row, host, options.lists, state)
            if row.tried or row.missed:
                _say(f"{row.pair.name}: caught with {len(row.tried)} of {options.lists} seed lists")
        for row in rows:
            if options.schedules:
                hold(row, host, options.schedules, options.begin, state)
    report(rows)
    return 1 if any(row.missed or row.blamed for row in rows) else 0


if __name__ == "__main__":
    raise SystemExit(main())
