"""Shrinking: from a failing schedule to the fewest preemptions that still fail in the same way.

A schedule is what it does otherwise than run-to-block, a list of choices. Subsets of the list are tried (delta debugging: Zeller,
Hildebrandt: Simplifying and Isolating Failure-Inducing Input, TSE 2002), most promising first, in batches that share processes;
what then really happened is the next list, which may be shorter still. At last each place where a single preemption is possible
is tried, for one that fails alone.

Deviations from the paper: a batch holds all subsets of one granularity, since many schedules cost little more than one; choices
are named by moments of threads, so a list from which some are taken out still means the same; preemptions go first and orders
(choices where nobody could go on) after, because a story with one interruption is shorter than one without a reordering.

Deterministic: every run of a batch is awaited, the best counts. Bounded by a number of runs, never by time. What comes out is a
claim: `exploring` confirms it in a fresh process like any other.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from threadmarks.judge.enumerating import extended
from threadmarks.judge.session import RunResult
from threadmarks.wire import Branch

MOST_RUNS = 150
"""Runs for one failing schedule: about as many as an exploration that finds nothing."""
SINGLES = 16
"""From so many preemptions down each is tried by itself."""

RunAll = Callable[[Sequence[str]], Awaitable[list[RunResult]]]
"""Run schedules, many in a process; the results in the order of the schedules, fewer when one ended its process."""
Fails = Callable[[RunResult], bool]
"""Whether a run fails as the one does that is being shrunk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Small:
    """A failing schedule, by its choices."""

    choices: tuple[str, ...]  # in the order in which they were made
    unpolled: int  # preemptions that this interpreter would not make of its own accord
    digest: str

    @property
    def preemptions(self) -> tuple[str, ...]:
        """The choices that interrupted somebody."""
        return tuple(choice for choice in self.choices if ":" not in choice)

    @property
    def text(self) -> str:
        """The choices as a schedule has them."""
        return "_".join(self.choices)

    @property
    def cost(self) -> tuple[int, int, int, int]:
        """Less is better: interruptions, those that this interpreter would not make, reorderings, length."""
        interrupted = len(self.preemptions)
        return interrupted, self.unpolled, len(self.choices) - interrupted, len(self.text)


def small(result: RunResult) -> Small:
    """The schedule that a run took. The run must have a trace."""
    assert result.trace is not None
    record = result.trace.record
    choices = tuple(record.choices.split("_")) if record.choices else ()
    return Small(choices=choices, unpolled=record.unpolled, digest=record.digest)


class Shrinking:
    """Shrinks one failure. `polled_only`: no preemption that this interpreter would not make may come out."""

    def __init__(self, run_all: RunAll, fails: Fails, *, most_runs: int = MOST_RUNS, polled_only: bool = False) -> None:
        self._run_all = run_all
        self._fails = fails
        self._polled_only = polled_only
        self._tried: set[str] = set()
        self.left = most_runs

    async def smallest(self, begin: Small) -> Small:
        """The best schedule found, `begin` itself at worst."""
        best = await self._fewer_preemptions(begin)
        if len(best.preemptions) > 1:
            best = await self._one_elsewhere(best)
        return await self._fewer_orders(best)

    async def _fewer_preemptions(self, best: Small) -> Small:
        best = await self._better(best, [_orders(best), ()])
        if len(best.preemptions) <= SINGLES:
            best = await self._better(best, [subset for one in best.preemptions for subset in _around(best, {one})])
        parts = 2
        while len(best.preemptions) > 1 and self.left > 0:
            preemptions = best.preemptions
            groups = _split(preemptions, min(parts, len(preemptions)))
            subsets: list[tuple[str, ...]] = []
            for group in groups:
                subsets += _around(best, set(group))
            subsets += [_without(best, set(group)) for group in groups]
            found = await self._better(best, subsets)
            if found is not best:
                best, parts = found, 2
                if len(best.preemptions) <= SINGLES:
                    best = await self._better(best, [s for one in best.preemptions for s in _around(best, {one})])
            elif parts >= len(preemptions):
                break
            else:
                parts *= 2
        return best

    async def _one_elsewhere(self, best: Small) -> Small:
        """Each preemption that is possible in the default schedule, by itself."""
        return await self._better(best, await self.single_preemptions())

    async def single_preemptions(self) -> list[tuple[str, ...]]:
        """All schedules with a single preemption and no other choice, when they fit into what is left; else none."""
        if self.left < 1:
            return []
        self.left -= 1
        results = await self._run_all(["tree."])
        trace = results[0].trace if results else None
        branches: tuple[Branch, ...] = trace.record.branches if trace is not None else ()
        singles: list[tuple[str, ...]] = [
            (extended("", branch, serial),)
            for branch in branches
            if branch.preempts and (branch.polled or not self._polled_only)
            for serial in branch.others
        ]
        return singles if len(singles) <= self.left else []

    async def _fewer_orders(self, best: Small) -> Small:
        best = await self._better(best, [best.preemptions])
        parts = 2
        while self.left > 0:
            orders = tuple(choice for choice in best.choices if ":" in choice)
            if not orders:
                break
            found = await self._better(best, [_without(best, set(g)) for g in _split(orders, min(parts, len(orders)))])
            if found is not best:
                best, parts = found, 2
            elif parts >= len(orders):
                break
            else:
                parts *= 2
        return best

    async def _better(self, best: Small, subsets: Iterable[tuple[str, ...]]) -> Small:
        """The best failing schedule among the subsets, when it is better than `best`; else `best` itself."""
        found = await self.first_best(subsets)
        return found if found is not None and found.cost < best.cost else best

    async def first_best(self, subsets: Iterable[tuple[str, ...]]) -> Small | None:
        """Try schedules, as far as the budget goes; the best that fails, the first among equals."""
        specs: list[str] = []
        for subset in subsets:
            spec = f"follow.{'_'.join(subset)}"
            if spec not in self._tried and len(specs) < self.left:
                self._tried.add(spec)
                specs.append(spec)
        self.left -= len(specs)
        failing = [small(result) for result in (await self._run_all(specs) if specs else ()) if self._counts(result)]
        return min(failing, key=lambda each: each.cost, default=None)

    def _counts(self, result: RunResult) -> bool:
        if result.trace is None or (self._polled_only and result.trace.record.unpolled):
            return False
        return self._fails(result)


def _orders(of: Small) -> tuple[str, ...]:
    return tuple(choice for choice in of.choices if ":" in choice)


def _around(of: Small, kept: set[str]) -> list[tuple[str, ...]]:
    """Only these preemptions, with all of the orders and with none."""
    return [
        tuple(choice for choice in of.choices if choice in kept or ":" in choice),
        tuple(choice for choice in of.choices if choice in kept),
    ]


def _without(of: Small, left_out: set[str]) -> tuple[str, ...]:
    return tuple(choice for choice in of.choices if choice not in left_out)


def _split(items: tuple[str, ...], parts: int) -> list[tuple[str, ...]]:
    """`parts` runs of about the same length."""
    ends = [len(items) * number // parts for number in range(parts + 1)]
    return [items[start:end] for start, end in pairwise(ends) if start < end]
