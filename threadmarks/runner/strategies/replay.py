"""Replay: the choices of an earlier run, given as what differed from run-to-block.

A choice is named by where it was made and not by when: "when thread 1 stood at its 40th moment, thread 2 ran". So a list from
which choices are taken out still says the same of those that are left, which is what shrinking a schedule lives on. Written
as `thread-moment-chosen` in base 36, joined by `_`; `thread-moment:chosen` where the thread could not have gone on anyway
(an order, no preemption).

`replay` follows its record or has diverged; `follow` takes from the record what is possible, for schedules that are being shrunk.
"""

from collections.abc import Iterable, Sequence

from threadmarks.runner.signals import Diverged
from threadmarks.runner.threads import ControlledThread

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_SHORT: tuple[str, ...] = (*_DIGITS, *(first + second for first in _DIGITS[1:] for second in _DIGITS))
"""The numbers of one and of two digits, which nearly all are."""


PREEMPTION = "-"
"""The kind of a choice that stopped a thread which could have gone on. Kinds stand before the chosen thread in the text."""
ORDER = ":"
"""The thread before could not go on: it had blocked, yielded or ended, or woke one of several."""

Choice = tuple[int, int, str, int]
"""One choice that differed from run-to-block: the serial of the thread that ran before, its `ControlledThread.moment` then, the
kind, the serial of the thread that ran next. A bare tuple, because ten thousands of them are made a second.
"""


class Replay:
    """Runs to block, except where the record says otherwise."""

    def __init__(self, choices: Iterable[Choice], *, strict: bool = True) -> None:
        self._choices = {(thread, moment): (kind, chosen) for thread, moment, kind, chosen in choices}
        self._strict = strict

    def thread_started(self, thread: ControlledThread) -> None:
        """Nothing to prepare."""

    def yielded(self, thread: ControlledThread) -> None:
        """The recorded choices say what followed."""

    @property
    def diverged(self) -> bool:
        """Whether recorded choices are left that never came up, at a run's end."""
        return self._strict and bool(self._choices)

    def choose(
        self,
        candidates: Sequence[ControlledThread],
        default: ControlledThread,
        running: ControlledThread,
        may_go_on: bool,
    ) -> ControlledThread:
        """The recorded thread, or the default. Raises Diverged when the recorded one is not among the candidates."""
        choice = self._choices.pop((running.serial, running.moment), None)
        if choice is None:
            return default
        kind, chosen = choice
        if may_go_on == (kind == PREEMPTION) or not self._strict:
            for thread in candidates:
                if thread.serial == chosen:
                    return thread
        if self._strict:
            raise Diverged(f"thread {chosen} should follow thread {running.serial} here, and cannot")
        return default


def encode_choices(choices: Iterable[Choice]) -> str:
    """The text of a list of choices, in their order; "" for none."""
    return "_".join(
        [f"{_base36(thread)}-{_base36(moment)}{kind}{_base36(chosen)}" for thread, moment, kind, chosen in choices]
    )


def decode_choices(text: str) -> list[Choice]:
    """The choices in a text. Raises ValueError."""
    choices = []
    for part in text.split("_") if text else []:
        thread, _, rest = part.partition("-")
        kind = ORDER if ORDER in rest else PREEMPTION
        moment, _, chosen = rest.partition(kind)
        choices.append((int(thread, 36), int(moment, 36), kind, int(chosen, 36)))
    return choices


def _base36(value: int) -> str:
    if value < len(_SHORT):
        return _SHORT[value]
    digits = ""
    while value:
        value, digit = divmod(value, 36)
        digits = _DIGITS[digit] + digits
    return digits
