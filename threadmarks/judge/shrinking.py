"""Shrinking: from a failing schedule to the fewest preemptions that still fail in the same way.

A schedule is what it does otherwise than run-to-block, a list of choices. Subsets of the list are tried (delta debugging: Zeller,
Hildebrandt: Simplifying and Isolating Failure-Inducing Input, TSE 2002), most promising first, in batches that share processes;
what then really happened is the next list, which may be shorter still. Before that, each place where the default schedule could
be preempted is tried, for one that fails alone, and of a tiny program every schedule with a single preemption (`enumerating`).
What then still has two preemptions or more is changed in two places at once (`merging`), and at last those with fewer are searched
from the first on (`seeking`).

Deviations from the paper: a batch holds all subsets of one granularity, since many schedules cost little more than one; choices
are named by moments of threads, so a list from which some are taken out still means the same; what can be left out by itself is
then left out together, and the parts stay as small as they were; preemptions go first and orders (choices where nobody could go on)
after, because a story with one interruption is shorter than one without a reordering.

Deterministic: every run of a batch is awaited, the best counts. Bounded by a number of runs, never by time. What comes out is a
claim: `exploring` confirms it in a fresh process like any other.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from threadmarks.judge import merging
from threadmarks.judge.enumerating import Found, enumerate_schedules, extended
from threadmarks.judge.failure import Failure
from threadmarks.judge.merging import choice_of
from threadmarks.judge.seeking import Seeking
from threadmarks.judge.session import RunResult
from threadmarks.wire import Branch

MOST_RUNS = 200
"""Runs for one failing schedule: a few explorations that find nothing. Most need a few dozen."""
MOST_SINGLES = 300
"""Runs beyond those, for a failure that is not found to need a single one of its own preemptions: every single one that the
default schedule offers, and of a tiny program every schedule with one."""
MOST_MERGED = 150
"""Runs beyond those, for a failure that still needs two preemptions or more: two stretches of a thread put together, a preemption
put off (`merging`), beginning with each of the best failing schedules that are known."""
MOST_SEARCHED = 1_200
"""And for a search of those with fewer preemptions than the best has (`seeking`), where runs are short."""
SEARCHED_POINTS = 180_000
"""So many points they may pass altogether, judged by the default schedule: a long run costs more than a short one."""
WIDTH = 3
"""From so many failing schedules at once other ones are made: fewer leave a core idle."""
TINY = 3
"""Where so many times the single preemptions fit into what is left, all schedules with one are searched."""
SHIFTS = (-1, 1, -2, 2, -3, 3)
SINGLES = 16
"""From so many preemptions down each is tried by itself."""

RunAll = Callable[[Sequence[str]], Awaitable[list[RunResult]]]
"""Run schedules, many in a process; the results in the order of the schedules, fewer when one ended its process."""
Fails = Callable[[RunResult], Failure | None]
"""What a run's failure is, when it fails as the one does that is being shrunk."""


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
        self._trees: dict[str, RunResult] = {}  # by their schedules: several steps ask for the same
        self.left = most_runs
        self.singles_tried = 0  # every single preemption of the default schedule, or none

    async def smallest(self, begin: Small) -> Small:
        """The best schedule found, `begin` itself at worst."""
        best = await self._better(begin, [_orders(begin), ()])
        if len(best.preemptions) <= SINGLES:
            best = await self._better(best, [subset for one in best.preemptions for subset in _around(best, {one})])
        if len(best.preemptions) > 1:
            best = await self._any_single(best)
        best = await self._fewer_preemptions(best)
        if len(best.preemptions) > 1:
            best = await self._one_elsewhere(best)
        if len(best.preemptions) > 1:
            best = await self._merged(best)
        if len(best.preemptions) > 1:
            best = await self._searched(best)
        return await self._fewer_orders(await self._at_polls(best))

    async def _any_single(self, best: Small) -> Small:
        """Every single preemption that the default schedule offers, where these are not too many; then, of a tiny program, every
        schedule with one and any orders. Most races need no more.
        """
        left, self.left = self.left, MOST_SINGLES
        found = await self.best_single()
        if found is None and 0 < self.singles_tried * TINY <= self.left and not self._polled_only:
            found = await self._enumerated()
        self.left = left
        return found if found is not None and found.cost < best.cost else best

    async def _enumerated(self) -> Small | None:
        """What a search of one schedule after the other finds: the best of those with the fewest preemptions."""
        failing: list[Small] = []

        async def attempt(specs: Sequence[str]) -> tuple[list[RunResult], Found | None]:
            results = await self._grow(specs)
            found: Found | None = None
            for index, result in enumerate(results):
                failure = self._failure(result)
                if failure is not None:
                    failing.append(small(result))
                    found = found or (index, result, failure)
            return results, found

        await enumerate_schedules(self.left - 1, attempt)
        return min(failing, key=lambda each: each.cost, default=None)

    async def _fewer_preemptions(self, best: Small) -> Small:
        parts = 2
        while len(best.preemptions) > 1 and self.left > 0:
            preemptions = best.preemptions
            groups = _split(preemptions, min(parts, len(preemptions)))
            kept = (
                [subset for group in groups for subset in _around(best, set(group))] if len(groups) <= SINGLES else []
            )
            found = await self._better(best, kept)
            if found is best:
                found = await self._left_out_together(best, groups)
            if found is not best:
                best = found
            elif parts >= len(preemptions):
                break
            else:
                parts *= 2
        return best

    async def _left_out_together(self, best: Small, groups: Sequence[tuple[str, ...]]) -> Small:
        """Leave out each group, then more and more of those that can be left out by themselves."""
        left_out = dict(zip(map(_key, (_without(best, set(group)) for group in groups)), groups, strict=True))
        fails = await self.failing([_without(best, set(group)) for group in groups])
        free = [left_out[key] for key in fails if key in left_out]
        together = [
            _without(best, {choice for group in free[:count] for choice in group}) for count in range(2, len(free) + 1)
        ]
        fails |= await self.failing(together)
        found = min(fails.values(), key=lambda each: each.cost, default=best)
        return found if found.cost < best.cost else best

    async def _one_elsewhere(self, best: Small) -> Small:
        """A single preemption instead of several, near one of them: by itself, or with one order after it."""
        results = await self._grow([f"tree.{choice}" for choice in _near(best)][: max(self.left, 0)])
        single = min((small(each) for each in results if self._failure(each)), key=lambda each: each.cost, default=best)
        if single.cost < best.cost:
            return single
        return await self._better(best, _with_an_order(results))

    async def _merged(self, best: Small) -> Small:
        """The neighbours of the best, then those of the best among all that fail so far, and so on."""
        left, self.left = self.left, MOST_MERGED
        waiting, seen = [best], {best.text}
        while waiting and len(best.preemptions) > 1 and self.left > 0:
            waiting.sort(key=lambda each: each.cost)
            now, waiting = waiting[:WIDTH], waiting[WIDTH:]
            found = await self.failing(await self._neighbours(now))
            new = [each for each in found.values() if each.text not in seen]
            seen |= {each.text for each in new}
            waiting += new
            best = min([best, *found.values()], key=lambda each: each.cost)
        self.left = left
        return best

    async def _neighbours(self, schedules: Sequence[Small]) -> list[tuple[str, ...]]:
        """Other schedules in place of each of these."""
        specs = [merging.beginnings(each.choices) for each in schedules]
        await self._grow([spec for each in specs for spec in each])
        near: list[tuple[str, ...]] = []
        for each, own in zip(schedules, specs, strict=True):
            near += merging.neighbours(each.choices, [self._trees[spec] for spec in own if spec in self._trees])
        return near

    async def _grow(self, specs: Iterable[str]) -> list[RunResult]:
        """The answers of these nodes of the tree of schedules; fewer when one ended its process."""
        wanted = list(dict.fromkeys(specs))
        new = [spec for spec in wanted if spec not in self._trees]
        self.left -= len(new)
        self._trees |= {result.spec: result for result in (await self._run_all(new) if new else [])}
        return [self._trees[spec] for spec in wanted if spec in self._trees]

    async def _searched(self, best: Small) -> Small:
        """The first schedule that a search finds with fewer preemptions than the best has."""
        left, self.left = self.left, MOST_SEARCHED
        roots = [root.trace.record for root in await self._grow(["tree."]) if root.trace is not None]
        passed = sum(thread.points for root in roots for thread in root.threads)
        self.left = min(self.left, SEARCHED_POINTS // max(passed, 1))
        seeking = Seeking(below=len(best.preemptions), polled_only=self._polled_only)
        found: list[Small] = []
        while not found and (specs := seeking.following(self.left)):
            results = await self._grow(specs)
            found = [small(result) for result in results if self._failure(result)]
            seeking.answered(results)
        self.left = left
        return min([best, *found], key=lambda each: each.cost)

    async def _at_polls(self, best: Small) -> Small:
        """The same with preemptions a few moments earlier or later, where this interpreter itself would switch."""
        while best.unpolled:
            shifted = await self._better(best, _shifted(best))
            if shifted is best:
                break
            best = shifted
        return best

    async def best_single(self) -> Small | None:
        """Try all schedules with a single preemption and no other choice, when they fit into what is left."""
        if self.left < 1:
            return None
        results = await self._grow(["tree."])
        trace = results[0].trace if results else None
        branches: tuple[Branch, ...] = trace.record.branches if trace is not None else ()
        singles = [
            f"tree.{extended('', branch, serial)}"
            for branch in branches
            if branch.preempts and (branch.polled or not self._polled_only)
            for serial in branch.others
        ]
        if len(singles) > self.left:
            return None
        self.singles_tried = len(singles)
        failing = [small(result) for result in await self._grow(singles) if self._failure(result)]
        return min(failing, key=lambda each: each.cost, default=None)

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
        fails = await self.failing(subsets)
        return min([best, *fails.values()], key=lambda each: each.cost)

    async def failing(self, subsets: Iterable[tuple[str, ...]]) -> dict[str, Small]:
        """Try schedules, as far as the budget goes; those that fail, by what they were told to choose, in their order."""
        specs: list[str] = []
        for subset in subsets:
            spec = _key(subset)
            if spec not in self._tried and len(specs) < self.left:
                self._tried.add(spec)
                specs.append(spec)
        self.left -= len(specs)
        results = await self._run_all(specs) if specs else []
        return {result.spec: small(result) for result in results if self._failure(result)}

    def _failure(self, result: RunResult) -> Failure | None:
        if result.trace is None or (self._polled_only and result.trace.record.unpolled):
            return None
        return self._fails(result)


def _key(subset: tuple[str, ...]) -> str:
    """The schedule that takes these choices as far as they are possible."""
    return f"follow.{'_'.join(subset)}"


def _orders(of: Small) -> tuple[str, ...]:
    return tuple(choice for choice in of.choices if ":" in choice)


def _around(of: Small, kept: set[str]) -> list[tuple[str, ...]]:
    """Only these preemptions, with all of the orders and with none."""
    return [
        tuple(choice for choice in of.choices if choice in kept or ":" in choice),
        tuple(choice for choice in of.choices if choice in kept),
    ]


def _with_an_order(results: Iterable[RunResult]) -> list[tuple[str, ...]]:
    """What the nodes of a tree did, with one order more."""
    return [
        tuple(extended(result.trace.record.choices, branch, serial).split("_"))
        for result in results
        if result.trace is not None
        for branch in result.trace.record.branches
        if not branch.preempts
        for serial in branch.others
    ]


def _shifted(of: Small) -> list[tuple[str, ...]]:
    """One preemption at another moment of its thread, the others as they are."""
    variants = []
    for index, choice in enumerate(of.choices):
        if ":" in choice:
            continue
        stopped = choice_of(choice)
        for shift in SHIFTS:
            if stopped.moment + shift > 0:
                moved = stopped._replace(moment=stopped.moment + shift).text
                variants.append((*of.choices[:index], moved, *of.choices[index + 1 :]))
    return variants


def _near(of: Small) -> list[str]:
    """Single preemptions a moment or two away from those of a schedule, to any of the threads that it names."""
    serials = sorted({serial for choice in map(choice_of, of.choices) for serial in (choice.thread, choice.chosen)})
    singles = []
    for stopped in map(choice_of, of.preemptions):
        for shift in (0, -1, 1, -2, 2):
            if stopped.moment + shift > 0:
                near = stopped._replace(moment=stopped.moment + shift)
                singles += [near._replace(chosen=serial).text for serial in serials if serial != near.thread]
    return list(dict.fromkeys(singles))


def _without(of: Small, left_out: set[str]) -> tuple[str, ...]:
    return tuple(choice for choice in of.choices if choice not in left_out)


def _split(items: tuple[str, ...], parts: int) -> list[tuple[str, ...]]:
    """`parts` runs of about the same length."""
    ends = [len(items) * number // parts for number in range(parts + 1)]
    return [items[start:end] for start, end in pairwise(ends) if start < end]
