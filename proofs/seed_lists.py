"""Wrong solutions that fail only in some orders are caught, and not by luck: with each of twenty seed lists.

Every wrong solution of the exercises of which a check that must fail is a race (it holds under run-to-block) is graded once for
each seed list, in the checks that must fail. Verdicts rest on list 0; the other lists show that what they say is not luck. A race
can hurt in more than one way: a check that fails with another finding than the declared one has caught it, and that is told.

With `--own`, as a student practises: upon files of their own, here the reference solutions as if they were that.

Usage: python proofs/seed_lists.py [--lists 20] [--own] [WORD ...]
A WORD selects the files whose path contains it. Exit code 1 when any list misses a finding.
"""

import argparse
import statistics
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from unittest.mock import patch

import pytest

from threadmarks import catalog
from threadmarks.authoring.wrong import Declaration, declaration
from threadmarks.catalog import Exercise
from threadmarks.judge import grade_source
from threadmarks.judge.check import spec_of
from threadmarks.judge.foundations import references
from threadmarks.judge.plugin import Plugin
from threadmarks.judge.portfolio import Seeds
from threadmarks.model import CheckResult, Verdict
from threadmarks.sandbox.host import Host
from threadmarks.sandbox.saferead import read

ROOT = Path(__file__).resolve().parent.parent


def results(
    exercise: Exercise, path: Path, declared: Declaration, seeds: Seeds, *, host: Host, own: bool = False
) -> dict[str, CheckResult]:
    """The checks that must fail, by name, graded with a seed list."""
    names = {must.check for must in declared.must_fail}

    def wanted(_plugin: Plugin, item: pytest.Item) -> bool:
        spec = spec_of(item.function) if isinstance(item, pytest.Function) else None
        return spec is not None and spec.name in names

    upon = tuple(replace(each, own=own) for each in references(exercise))
    with patch.object(Plugin, "_wanted", wanted):
        report = grade_source(exercise, read(path), host=host, seeds=seeds, built_upon=upon)
    return {check.spec.name: check for check in report.checks}


def missed(declared: Declaration, seen: dict[str, CheckResult]) -> list[str]:
    """The checks that should have failed and did not."""
    return [
        f"{must.check}: {seen[must.check].verdict.value}"
        for must in declared.must_fail
        if seen[must.check].passed or not seen[must.check].graded
    ]


def otherwise(declared: Declaration, seen: dict[str, CheckResult]) -> int:
    """How many checks failed with another finding than the declared one."""
    return sum(
        must.finding not in {finding.code for finding in seen[must.check].findings if finding.costs_points}
        for must in declared.must_fail
        if not seen[must.check].passed
    )


def main() -> int:
    """Grade them."""
    parser = argparse.ArgumentParser(description="Racy wrong solutions with many seed lists.")
    parser.add_argument("--lists", type=int, default=20)
    parser.add_argument("--own", action="store_true")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    wrong = 0
    with Host() as host:
        for exercise in catalog.load():
            for path in exercise.wrong:
                name = str(path.relative_to(ROOT))
                if options.words and not any(word in name for word in options.words):
                    continue
                if options.own and not exercise.meta.builds_on:
                    continue
                declared = declaration(read(path).text, name)
                first = results(exercise, path, declared, Seeds(0), host=host)
                if all(check.verdict is not Verdict.RACE for check in first.values()):
                    continue
                grade = partial(results, exercise, path, declared, host=host, own=options.own)
                tried: list[int] = []
                problems: list[str] = []
                others = 0
                for number in range(options.lists):
                    seen = grade(Seeds(number)) if number or options.own else first
                    tried += [check.schedules for check in seen.values() if check.verdict is Verdict.RACE]
                    others += otherwise(declared, seen)
                    problems += [f"list {number}: {problem}" for problem in missed(declared, seen)]
                wrong += bool(problems)
                found = (
                    f"schedules to the first failure: median {statistics.median(tried):g}, most {max(tried)}"
                    if tried
                    else "no race found"
                )
                told = f"{len(problems)} misses, {others} by another finding"
                print(f"{name}: {options.lists} lists, {told}; {found}", flush=True)
                for problem in problems:
                    print(f"    {problem}", file=sys.stderr, flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
