"""The corpus of racy programs (`tests/subjects/`): no schedule with fewer preemptions than the shown one fails in the same way.

For each failing program the schedule is made small as for a report. Then everything with fewer preemptions is run, whatever the
orders: the search of one schedule after the other, without a word about which of them look alike. Takes minutes.

Usage: python proofs/fewest.py [--budget 30000] [NAME ...]
Exit code 1 when a schedule with fewer was found, or not all of them fit into the budget.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.subjects.pairs import BY_NAME, Pair
from tests.subjects.trial import expectation, explore, session_of
from threadmarks.judge.enumerating import Enumerated, Found, enumerate_schedules
from threadmarks.judge.exploring import CHUNK, Failed, judge_one
from threadmarks.judge.session import RunResult
from threadmarks.sandbox.host import Host

AT_ONCE = 10 * CHUNK


def below(pair: Pair, fewest: int, code: str, host: Host, budget: int) -> Enumerated:
    """Every schedule with fewer than `fewest` preemptions, as far as they fit."""
    session = session_of(pair, "fails", host)
    predicate = expectation(pair)

    async def attempt(specs: Sequence[str]) -> tuple[list[RunResult], Found | None]:
        results: list[RunResult] = []
        for start in range(0, len(specs), AT_ONCE):
            parts = [specs[at : at + CHUNK] for at in range(start, min(start + AT_ONCE, len(specs)), CHUNK)]
            runs = await asyncio.gather(*(session.in_thread(pair.name, part, full=False) for part in parts))
            for result in (each for part in runs for each in part):
                failure = judge_one(result, predicate, ())
                results.append(result)
                if failure is not None and failure.finding.code == code:
                    return results, (len(results) - 1, result, failure)
        return results, None

    try:
        return asyncio.run(enumerate_schedules(budget, attempt, below=fewest))
    finally:
        session.close()


def main() -> int:
    """Each program once."""
    parser = argparse.ArgumentParser(description="No schedule with fewer preemptions fails.")
    parser.add_argument("--budget", type=int, default=30_000)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    doubtful = 0
    with Host() as host:
        for pair in [BY_NAME[name] for name in options.names or BY_NAME]:
            shown = explore(pair, "fails", host)
            if not isinstance(shown, Failed) or shown.race is None:
                print(f"{pair.name}: fails under run-to-block, nothing to shrink")
                continue
            fewest = shown.race.preemptions
            if fewest == 0:
                print(f"{pair.name}: an order alone lets it fail")
                continue
            searched = below(pair, fewest, shown.failure.finding.code, host, options.budget)
            least = searched.found is None and searched.bound >= fewest - 1
            doubtful += not least
            verdict = "fewest" if least else f"{searched.found[1].spec}" if searched.found else "not all tried"
            print(f"{pair.name}: {fewest} preemptions, {verdict}, {searched.tried} schedules with fewer", flush=True)
    return 1 if doubtful else 0


if __name__ == "__main__":
    sys.exit(main())
