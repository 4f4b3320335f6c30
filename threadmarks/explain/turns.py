"""Tell the turns of a run in sentences: who ran, what it did, and why another came next.

The same sentences stand in the terminal, in the page's list, and in what a screen reader is told at each step. Yields plain
text; whoever shows it escapes it for where it is shown.
"""

from collections.abc import Sequence

from threadmarks.explain.numbers import counted, seconds
from threadmarks.explain.safe import one_line
from threadmarks.model import Act, ActKind, Turn

LISTED = 24
"""Turns listed in a terminal; the page has them all."""
NS = 1_000_000_000


def sentence(turn: Turn) -> str:
    """One turn in one to three sentences."""
    if turn.left_out:
        return f"{counted(turn.left_out, 'turn')} left out here."
    acts = _acts(turn.acts)
    if turn.more_acts:
        acts.append(f"and {counted(turn.more_acts, 'more act')} of the same kind")
    told = f"{who(turn)}{_opening(turn)}"
    told += f": {'; '.join(acts)}." if acts else "."
    return told + _closing(turn)


def who(turn: Turn) -> str:
    """The thread, and the task on it."""
    thread = one_line(turn.thread)
    if turn.task < 0:
        return thread
    return f"Task {one_line(turn.task_name) or turn.task}, on {thread}"


def listing(turns: Sequence[Turn]) -> list[str]:
    """`3. worker-1 (T1) runs on ...`: the first and the last turns, with how many are left out between them."""
    told = [f"{turn.number}. {_moment(turns, index)}{sentence(turn)}" for index, turn in enumerate(turns)]
    if len(told) <= LISTED:
        return told
    half = LISTED // 2
    left = len(told) - 2 * half
    return [*told[:half], f"{counted(left, 'turn')} left out here; --html shows them all", *told[-half:]]


def preemptions(turns: Sequence[Turn]) -> int:
    """How many turns ended although the thread could have gone on."""
    return sum(turn.preempted for turn in turns)


def _moment(turns: Sequence[Turn], index: int) -> str:
    """When time has passed since the turn before: the moment."""
    if index and seconds(turns[index].at_s) == seconds(turns[index - 1].at_s):
        return ""
    return f"At {seconds(turns[index].at_s)} s: "


def _opening(turn: Turn) -> str:
    where = f" from line {turn.line}" if turn.line else ""
    comma = "," if turn.task >= 0 else ""
    if turn.task < 0 and turn.after == "sleep":
        return f", after its sleep, runs on{where}"
    if turn.task < 0 and turn.after:
        how = "after the time-out of" if turn.timed_out else "woken from"
        return f", {how} {one_line(turn.after)}, runs on{where}"
    return f"{comma} runs{' on' if where else ''}{where}"


def _closing(turn: Turn) -> str:
    if not turn.preempted:
        return ""
    where = f" at line {turn.end_line}" if turn.end_line else ""
    return f" It is interrupted{where}: it could have gone on (a preemption)."


def _acts(acts: Sequence[Act]) -> list[str]:
    """A lock that is taken and at once given back is told in one."""
    told: list[str] = []
    last: Act | None = None
    for act in acts:
        if last is not None and last.kind is ActKind.TAKES and act.kind is ActKind.GIVES and act.what == last.what:
            told[-1] = f"takes and gives back {one_line(act.what)}{f' at line {last.line}' if last.line else ''}"
        else:
            told.append(_act(act))
        last = act
    return told


def _act(act: Act) -> str:  # noqa: PLR0911  # one return an act
    what, other = one_line(act.what), one_line(act.other)
    at = f" at line {act.line}" if act.line else ""
    match act.kind:
        case ActKind.STARTS | ActKind.WAKES:
            return f"{act.kind.value} {other}{at}"
        case ActKind.TAKES | ActKind.GIVES:
            return f"{act.kind.value} {what}{at}"
        case ActKind.PRINTS:
            return f"prints “{what}”{at}"
        case ActKind.POLLS:
            return f"polls ({what}){at}"
        case ActKind.WAITS:
            return f"waits for {what}{at}" + (f", held up by {other}" if other else "")
        case ActKind.SLEEPS:
            return f"sleeps until {seconds(int(act.what) / NS)} s{at}"
        case ActKind.ENDS:
            return f"dies of {what}" if what else "ends"
        case ActKind.AWAITS:
            return f"awaits {what}{f' {other}' if other else ''}{at}"
        case ActKind.FINISHES:
            return f"it is ended by {what}" if what else "it is done"
