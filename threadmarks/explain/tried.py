"""What explorations tried, what they found, and what that does not prove, in sentences.

A pass is never called more than it is: evidence where schedules were drawn, and a statement about all schedules of a kind only where
they were tried one after the other. Must not judge.
"""

from collections.abc import Iterable

from threadmarks.explain.numbers import counted
from threadmarks.model import CheckResult, Explored, Race, Tier


def drawn(checks: Iterable[CheckResult]) -> tuple[str, ...]:
    """About all explorations of a report together; nothing when there was none."""
    exploring = [check for check in checks if check.explored]
    explored = [each for check in exploring for each in check.explored]
    if not explored:
        return ()
    schedules = sum(each.schedules for each in explored)
    strategies = tuple(dict.fromkeys(name for each in explored for name in each.strategies))
    told = (
        f"{counted(len(exploring), 'check')} tried your program under many orders of its threads: {schedules} schedules, "
        f"{counted(len(strategies), 'strategy', 'strategies')} ({', '.join(strategies)}). No failure found is not a proof: there "
        "are more orders than can be tried."
    )
    return told, *in_turn(explored)


def in_turn(explored: Iterable[Explored]) -> tuple[str, ...]:
    """What was tried without a gap."""
    told = []
    for each in {each.scenario: each for each in explored}.values():
        if each.whole:
            told.append(f"In {each.scenario}, every schedule that there is was tried.")
        elif each.bound >= 0:
            most = counted(each.bound, "preemption") if each.bound else "no preemption"
            told.append(f"In {each.scenario}, every schedule with {'up to ' * (each.bound > 0)}{most} was tried.")
    return tuple(told)


def found(check: CheckResult) -> str:
    """How a failure was found, beside the command that shows it again; "" when one run was all there was."""
    if check.schedules <= 1:
        return ""
    names = dict.fromkeys(name for each in check.explored for name in each.strategies)
    strategies = f", {counted(len(names), 'strategy', 'strategies')}" if names else ""
    sentences = [f"Tried {counted(check.schedules, 'order')} of the threads (schedules){strategies}."]
    if check.race is not None:
        sentences += [_needs(check.race), tier(check.race.tier)]
    return " ".join(sentence for sentence in sentences if sentence)


def _needs(race: Race) -> str:
    if race.preemptions < 0:
        return ""
    if race.preemptions == 0:
        return "This needs no preemption: in which order waiting threads go on is enough."
    if race.preemptions > 1:  # what was shrunk from there on may still not be the least
        return f"This takes {race.preemptions} preemptions at most: threads are stopped between two steps of their own."
    return "This needs 1 preemption: a thread is stopped between two steps of its own."


def tier(which: Tier) -> str:
    """Where such a race can show."""
    if which is Tier.INTERPRETER:
        return "It can happen on this Python, if seldom."
    return "This Python happens not to stop a thread just there. Nothing guarantees that: a free-threaded Python may."
