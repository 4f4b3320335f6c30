"""Strategies: which thread runs next. One a file; `parse` makes one from the tail of a token.

A strategy sees only what is ready and what would happen by default. It never reads a clock or global randomness, so
that its text and the program decide the schedule between them.
"""

from collections.abc import Sequence
from typing import Protocol

from threadmarks.runner.threads import ControlledThread


class Strategy(Protocol):
    """Chooses among runnable threads."""

    def thread_started(self, thread: ControlledThread) -> None:
        """A new thread exists; it is ready."""

    def yielded(self, thread: ControlledThread) -> None:
        """The thread gave way of itself (`sleep(0)`) or was found spinning: others should come first."""

    def choose(
        self,
        candidates: Sequence[ControlledThread],
        default: ControlledThread,
        running: ControlledThread,
        may_go_on: bool,
    ) -> ControlledThread:
        """One of `candidates` (two or more, in order of becoming ready).

        `default` is what run-to-block does. `may_go_on` is True where the running thread could simply continue (then it
        is the default). `running` is whose act led to the choice: its `moment` names the choice, its `touches` and `at_lock`
        say what it is about to do where it may go on.
        """


def parse(text: str) -> Strategy:
    """The strategy that `text` names: "block", "random.s17", "random.p30.s17", "pct.d3.k412.s17", "pos.s17", "sync.s17",
    "replay.<choices>", "follow.<choices>" or "tree.<choices>"; "gil." before one that draws: only where the interpreter could.

    Raises ValueError for anything else.
    """
    from threadmarks.runner.strategies import (
        interpreter_only,
        pct,
        pos,
        random_switch,
        replay,
        run_to_block,
        sync_only,
        tree,
    )

    name, _, rest = text.partition(".")
    if name == "block" and not rest:
        return run_to_block.RunToBlock()
    if name == "random":
        names = {"p": "percent", "s": "seed"} if rest.startswith("p") else {"s": "seed"}
        return random_switch.RandomSwitch(**_numbers(rest, names))
    if name == "pct":
        return pct.PriorityChange(**_numbers(rest, {"d": "depth", "k": "length", "s": "seed"}))
    if name == "pos":
        return pos.PartialOrderSampling(**_numbers(rest, {"s": "seed"}))
    if name == "sync":
        return sync_only.SyncOnly(**_numbers(rest, {"s": "seed"}))
    if name == "gil" and rest.partition(".")[0] in ("random", "pct", "pos", "sync"):
        return interpreter_only.InterpreterOnly(parse(rest))
    if name in ("replay", "follow"):
        return replay.Replay(replay.decode_choices(rest), strict=name == "replay")
    if name == "tree":
        return tree.Tree(replay.decode_choices(rest))
    raise ValueError(f"no strategy is called {text!r}")


def _numbers(text: str, names: dict[str, str]) -> dict[str, int]:
    """`"d3.s17"` as `{"depth": 3, "seed": 17}`; every name must be there exactly once."""
    found: dict[str, int] = {}
    for part in text.split("."):
        name = names.get(part[:1])
        if name is None or name in found or not part[1:].isdecimal():
            raise ValueError(f"{part!r} is not a parameter of this strategy")
        found[name] = int(part[1:])
    if len(found) != len(names):
        raise ValueError(f"{text!r} lacks a parameter")
    return found
