"""The recorder: what happened, in order, as plain rows in the shape of `wire.Event`.

Two levels: full (every event) and light (notes, marks and output), because exploring hundreds of schedules needs facts
and no picture. Steps are counted the same way in both, so both give the same digest. Details (locks, switches, tasks) are
kept in full runs only; they count no step but share that of the event before, and have a limit of their own.
"""

import hashlib
import json
import re
from typing import Any

_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{4,}\b")
_LIGHT = frozenset({"note", "mark", "output"})


def without_addresses(text: str) -> str:
    """The text with memory addresses replaced: they differ from process to process."""
    return _ADDRESS.sub("0x…", text)


class Recorder:
    """Collects the events of one schedule."""

    __slots__ = ("closed", "details", "dropped", "dropped_details", "events", "facts", "full", "limit", "step")

    def __init__(self, *, full: bool, limit: int) -> None:
        self.full = full
        self.limit = limit
        self.events: list[list[Any]] = []
        self.step = 0
        self.dropped = 0
        self.facts = 0  # notes, marks and output kept
        self.details = 0  # locks, switches and tasks kept
        self.dropped_details = 0
        self.closed = False

    def wants(self, kind: str) -> bool:
        """Count a step; True when its event is to be kept (so the caller need not describe what nobody reads)."""
        if self.closed:
            return False
        self.step += 1
        if not self.full and kind not in _LIGHT:
            return False
        if kind in _LIGHT:
            room = self._room(self.facts + 1)
            self.facts += room
            return room
        return self._room(len(self.events) - self.facts - self.details + 1)

    def wants_detail(self) -> bool:
        """True when a detail is to be kept."""
        if self.closed or not self.full:
            return False
        if self.details >= self.limit:
            self.dropped_details += 1
            return False
        self.details += 1
        return True

    def _room(self, count: int) -> bool:
        """Whether one more of a kind has a place: a flood of waits must not push out what the scenario noted."""
        if count <= self.limit:
            return True
        self.dropped += 1
        return False

    def keep(self, time_ns: int, thread: int, kind: str, line: int, data: list[Any]) -> None:
        """Store the event that `wants` or `wants_detail` has just made room for."""
        self.events.append([self.step, time_ns, thread, kind, line, data])


_in_order = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode


def digest(parts: list[Any]) -> str:
    """A short hash over what a replay must reproduce."""
    return hashlib.blake2b(_in_order(parts).encode(), digest_size=12).hexdigest()
