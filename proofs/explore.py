"""Right solutions under many more schedules than a grading tries: none may fail.

Every reference and alternative is graded with `--schedules` schedules in place of what each exploring check asks for. A
failure here is a false verdict: of the engine, of a check, or of a solution that only seemed right.

Usage: python proofs/explore.py [--schedules 10000] [WORD ...]
A WORD selects the files whose path contains it. Exit code 1 when any file got less than all points.
"""

import argparse
import sys
import time
from collections.abc import Collection
from pathlib import Path
from unittest.mock import patch

from threadmarks import catalog
from threadmarks.judge import grade_source
from threadmarks.judge.exploring import Predicate
from threadmarks.judge.fixtures import Exploration, Explore
from threadmarks.sandbox.host import Host
from threadmarks.sandbox.saferead import read

ROOT = Path(__file__).resolve().parent.parent
_asked = Explore.__call__


def main() -> int:
    """Grade each file once, exploring further."""
    parser = argparse.ArgumentParser(description="Right solutions under many schedules.")
    parser.add_argument("--schedules", type=int, default=10_000)
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()

    async def explore_further(
        self: Explore, scenario: str, predicate: Predicate, *, schedules: int = 60, allow: Collection[str] = ()
    ) -> Exploration:
        return await _asked(self, scenario, predicate, schedules=max(schedules, options.schedules), allow=allow)

    wrong = 0
    with Host() as host, patch.object(Explore, "__call__", explore_further):
        for exercise in catalog.load():
            for path in (exercise.reference, *exercise.alternatives):
                name = str(path.relative_to(ROOT))
                if options.words and not any(word in name for word in options.words):
                    continue
                begin = time.monotonic()
                report = grade_source(exercise, read(path), host=host)
                tried = sum(check.schedules for check in report.checks)
                spent = time.monotonic() - begin
                print(
                    f"{name}: {report.score:g}/{report.max_score:g} {report.verdict.value}, {tried} schedules, {spent:.0f} s"
                )
                for check in report.checks:
                    if not check.passed:
                        wrong += 1
                        print(f"    {check.spec.name}: {check.verdict.value}, {check.token}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
