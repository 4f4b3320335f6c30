"""Replay: the choices of an earlier run, given as what differed from run-to-block.

A choice is (number of the choice in the run, serial of the thread that ran). Written as base-36 pairs
`distance-serial`, joined by `_`; the distance counts from the choice before.
"""

from collections.abc import Iterable, Sequence

from threadmarks.runner.signals import Diverged
from threadmarks.runner.threads import ControlledThread

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Replay:
    """Runs to block, except where the recorded run did otherwise."""

    def __init__(self, choices: Iterable[tuple[int, int]]) -> None:
        self._choices = dict(choices)

    def thread_started(self, thread: ControlledThread) -> None:
        """Nothing to prepare."""

    def yielded(self, thread: ControlledThread) -> None:
        """The recorded choices say what followed."""

    @property
    def unused(self) -> int:
        """How many recorded choices were never asked for: a run that ends with some has diverged."""
        return len(self._choices)

    def choose(
        self, candidates: Sequence[ControlledThread], default: ControlledThread, number: int, *, may_go_on: bool
    ) -> ControlledThread:
        """The recorded thread, or the default. Raises Diverged when the recorded one is not among the candidates."""
        serial = self._choices.pop(number, None)
        if serial is None:
            return default
        for thread in candidates:
            if thread.serial == serial:
                return thread
        raise Diverged(f"choice {number} wants thread {serial}, which cannot run")


def encode_choices(choices: Sequence[tuple[int, int]]) -> str:
    """The text of a list of choices, ordered by number; "" for none."""
    parts = []
    last = 0
    for number, serial in choices:
        parts.append(f"{_base36(number - last)}-{_base36(serial)}")
        last = number
    return "_".join(parts)


def decode_choices(text: str) -> list[tuple[int, int]]:
    """The choices in a text. Raises ValueError."""
    choices = []
    number = 0
    for part in text.split("_") if text else []:
        distance, _, serial = part.partition("-")
        number += int(distance, 36)
        choices.append((number, int(serial, 36)))
    return choices


def _base36(value: int) -> str:
    digits = ""
    while True:
        value, digit = divmod(value, 36)
        digits = _DIGITS[digit] + digits
        if value == 0:
            return digits
