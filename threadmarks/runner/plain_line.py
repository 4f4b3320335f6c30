"""The witness's line, from the runner's end: calls to the judge, any number of them open at once.

No thread is started for it, because threads are what is counted. Of the threads that wait for an answer, one reads the
line; an answer for another is handed over, and whoever has its own answer passes the reading on. Threads wait without a
time-out, in the kernel, so that the judge can see from outside that they do.

Each message is one packet: `[number, name, value]` to the judge, `[number, value]` back. Standard library only.
"""

import json
from collections.abc import Callable
from typing import Any

from threadmarks.runner import originals
from threadmarks.runner.values import plain

LINE_FD = 4
"""Where the sandbox puts the line; `sandbox/template.py` names it too, and a test holds the two together."""

BEGIN = "begin"
RETURNED = "returned"
RAISED = "raised"
"""Calls of the engine's own, beside those of a scenario."""

PACKET_BYTES = 64 << 10
"""The judge refuses longer ones."""


class Line:
    """Thread-safe. Uses functions bound at start, so that a later change to `json` or `os` does not reach it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._encode: Callable[[Any], str] = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
        self._decode: Callable[[str], Any] = json.JSONDecoder().decode
        self._read = originals.read
        self._write = originals.write
        self._lock = originals.allocate_lock()
        self._number = 0
        self._led = False  # whether a thread reads, or has been told to
        self._gates: dict[
            int, Any
        ] = {}  # by call, those that wait; a gate opens once, for an answer or for the reading
        self._answers: dict[int, Any] = {}

    def call(self, name: str, value: Any = None) -> Any:
        """Tell the judge and wait for its answer. The process ends when the judge has hung up."""
        gate = originals.allocate_lock()
        gate.acquire()
        with self._lock:
            self._number += 1
            number = self._number
            self._gates[number] = gate
            lead, self._led = not self._led, True
        self._write(self._descriptor, self._encode([number, name, plain(value)]).encode())
        if not lead:
            gate.acquire()
            with self._lock:
                if number in self._answers:
                    return self._answers.pop(number)
        return self._lead(number)

    def _lead(self, mine: int) -> Any:
        """Read answers until it is mine; then let another who waits read."""
        while True:
            packet = self._read(self._descriptor, PACKET_BYTES)
            if not packet:
                originals.exit_process(0)
            number, answer = self._decode(packet.decode())
            with self._lock:
                if number == mine:
                    del self._gates[mine]
                    following = next(iter(self._gates.values()), None)
                    self._led = following is not None
                    if following is not None:
                        following.release()
                    return answer
                self._answers[number] = answer
                self._gates.pop(number).release()
