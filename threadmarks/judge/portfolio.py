"""Which schedules an exploration tries: a fixed portfolio, the same for every submission.

Schedule seeds are constants. A student cannot re-roll a racy verdict by editing a comment, and two students with the same
program get the same answer. No single strategy finds everything (`facts`: a lost update falls to random switching, a
lock order to priorities), so they take turns.
"""

from dataclasses import dataclass

BLOCK = "block"
"""Run-to-block: the schedule that explains. An exploration starts with it."""

SEED_LISTS = 100
"""How many different lists of seeds there are."""
_LIST_LENGTH = 1_000_000


@dataclass(frozen=True, slots=True)
class Seeds:
    """A list of schedule seeds. Verdicts rest on list 0 alone; proofs ask whether the others would have found the same.

    Two lists share no seed. Raises ValueError for a number that is not below SEED_LISTS.
    """

    number: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.number < SEED_LISTS:
            raise ValueError(f"there is no seed list {self.number}; they are numbered from 0 to {SEED_LISTS - 1}")

    def __getitem__(self, index: int) -> int:
        return 1 + self.number * _LIST_LENGTH + index


VERDICT_SEEDS = Seeds()

_NAMES = {
    "block": "run to block",
    "random": "random switching",
    "pct": "PCT",
    "pos": "POS",
    "sync": "switching at locks only",
    "tree": "one after the other",
    "replay": "replay",
}


def schedules(count: int, points: int, seeds: Seeds = VERDICT_SEEDS) -> tuple[str, ...]:
    """`count` schedule specs, run-to-block first. Raises ValueError for a count below 1."""
    if count < 1:
        raise ValueError(f"an exploration needs at least one schedule, not {count}")
    return (BLOCK, *drawn(count - 1, points, seeds))


def drawn(count: int, points: int, seeds: Seeds = VERDICT_SEEDS) -> tuple[str, ...]:
    """`count` schedules drawn with seeds. `points`: how many preemption points the run-to-block schedule passed.

    Half random switching, with p = 0.3 and p = 0.1, half PCT of depth 2, 3 and 4, in turn. Run-to-block lets each thread
    finish what it can, so other schedules pass more points than it did: some of the lengths are multiples of its own.
    """
    length = max(points, 1)
    turns = (
        lambda seed: f"random.p30.s{seed}",
        lambda seed: f"pct.d2.k{2 * length}.s{seed}",
        lambda seed: f"random.s{seed}",
        lambda seed: f"pct.d3.k{length}.s{seed}",
        lambda seed: f"random.p30.s{seed}",
        lambda seed: f"pct.d4.k{3 * length}.s{seed}",
    )
    return tuple(turns[number % len(turns)](seeds[number]) for number in range(count))


def interpreter_schedules(count: int, points: int, seeds: Seeds = VERDICT_SEEDS) -> tuple[str, ...]:
    """The same as `drawn`, each kept to the switches that this interpreter itself can make."""
    return tuple(f"gil.{spec}" for spec in drawn(count, points, seeds))


def strategy(spec: str) -> str:
    """What a schedule's strategy is called in a report."""
    name = spec.removeprefix("gil.").partition(".")[0]
    return _NAMES[name]
