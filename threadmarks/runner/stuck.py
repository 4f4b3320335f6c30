"""The watchdog for calls that the engine does not control: a real OS thread with a real clock.

It never decides a mark. When the baton's holder has made no step for `stuck_s` real seconds *and* sleeps in the kernel
(so a busy machine does not count), the run ends with the line of the call, instead of hanging until a limit kills it.
"""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from threadmarks.runner import baton, originals
from threadmarks.runner.frames import FrameReader
from threadmarks.runner.threads import ControlledThread

LOOKS = 8
"""How often it looks within `stuck_s`; each look must find the holder asleep."""


class Watchdog:
    """Watches the schedule that is active."""

    def __init__(self, stuck_s: float, reader: FrameReader, report: Callable[[int, str], None]) -> None:
        self._period_s = stuck_s / LOOKS
        self._reader = reader
        self._report = report
        self._bell = originals.allocate_lock()
        self._bell.acquire()
        up = originals.allocate_lock()
        up.acquire()
        originals.start_new_thread(self._watch, (up,))
        up.acquire()

    def _watch(self, up: Any) -> None:
        up.release()
        asleep = 0
        seen = -1
        while True:
            self._bell.acquire(True, self._period_s)
            scheduler = baton.active
            if scheduler is None:
                asleep = 0
                continue
            step = scheduler.points + scheduler.number + scheduler.recorder.step
            holder = scheduler.current
            if step != seen or not _sleeps_in_kernel(holder):
                seen = step
                asleep = 0
                continue
            asleep += 1
            if asleep >= LOOKS:
                frame = sys._current_frames().get(holder.real_ident)
                self._report(self._reader.student_line(frame), _innermost(frame))


def _innermost(frame: FrameType | None) -> str:
    return frame.f_code.co_qualname if frame is not None else ""


def _sleeps_in_kernel(holder: ControlledThread) -> bool:
    """Whether the thread is off the processor and not because the machine is busy. True where that cannot be known."""
    try:
        with open(f"/proc/self/task/{holder.native_id}/stat", "rb") as file:
            state = file.read().rpartition(b")")[2].split()[0]
    except (OSError, IndexError):
        return True
    return state in (b"S", b"D")
