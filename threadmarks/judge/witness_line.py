"""The witness's line, from the judge's end: calls that stay open until the judge answers.

What arrives is written by a process that the student's code shares: it is decoded into `Call`s or refused, and a call proves
no more than that somebody in that process waits for its answer.
"""

import json
import select
import socket
from dataclasses import dataclass
from typing import Any

import msgspec

from threadmarks.judge.wellformed import is_plain
from threadmarks.wire import Name, Natural

PACKET_BYTES = 64 << 10
MOST_CALLS = 20_000
"""In one run; scenarios make far fewer."""

_decoder = msgspec.json.Decoder(tuple[Natural, Name, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a witness scenario. `value` is plain JSON, and untrusted."""

    number: int
    name: str
    value: Any


class NotACall(Exception):
    """Something came over the line that no scenario sends."""


class HungUp(Exception):
    """The runner's end of the line is closed: its process has ended."""


class Line:
    """The judge's end. Not thread-safe."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._poll = select.poll()
        self._poll.register(end, select.POLLIN)
        self._taken = 0

    def ready(self, seconds: float) -> bool:
        """Whether a packet (or the end) is there; waits so long for it."""
        return bool(self._poll.poll(seconds * 1000))

    def take(self) -> Call:
        """The next call; waits for it. Raises NotACall, HungUp."""
        try:
            packet, _, flags, _ = self._end.recvmsg(PACKET_BYTES)
        except ConnectionError:
            raise HungUp from None
        if not packet:
            raise HungUp
        self._taken += 1
        if self._taken > MOST_CALLS:
            raise NotACall(f"more than {MOST_CALLS} calls")
        try:
            number, name, value = _decoder.decode(packet)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
            long = flags & socket.MSG_TRUNC
            raise NotACall(f"a packet of more than {PACKET_BYTES} bytes" if long else str(problem)) from None
        if not is_plain(value):
            raise NotACall("a value that is no plain value")
        return Call(number=number, name=name, value=value)

    def answer(self, call: Call, value: Any) -> None:
        """Answer a call. Raises HungUp."""
        try:
            self._end.send(json.dumps([call.number, value]).encode())
        except OSError:
            raise HungUp from None

    def close(self) -> None:
        """Hang up: the runner ends at its next wait for an answer."""
        self._end.close()
