"""Which schedules an exploration tries: a fixed portfolio, the same for every submission.

Schedule seeds are constants. A student cannot re-roll a racy verdict by editing a comment, and two students with the same
program get the same answer. No single strategy finds everything (`facts`: a lost update falls to random switching, a
lock order to priorities), so they take turns.
"""

BLOCK = "block"
"""Run-to-block: the schedule that explains. An exploration starts with it."""

_FIRST_SEED = 1


def schedules(count: int, points: int) -> tuple[str, ...]:
    """`count` schedule specs. `points`: how many preemption points the run-to-block schedule passed.

    Half random switching, with p = 0.3 and p = 0.1, half PCT of depth 2, 3 and 4, in turn. Run-to-block lets each thread
    finish what it can, so other schedules pass more points than it did: some of the lengths are multiples of its own.
    Raises ValueError for a count below 1.
    """
    if count < 1:
        raise ValueError(f"an exploration needs at least one schedule, not {count}")
    length = max(points, 1)
    turns = (
        lambda seed: f"random.p30.s{seed}",
        lambda seed: f"pct.d2.k{2 * length}.s{seed}",
        lambda seed: f"random.s{seed}",
        lambda seed: f"pct.d3.k{length}.s{seed}",
        lambda seed: f"random.p30.s{seed}",
        lambda seed: f"pct.d4.k{3 * length}.s{seed}",
    )
    rest = (turns[number % len(turns)](_FIRST_SEED + number) for number in range(count - 1))
    return (BLOCK, *rest)
