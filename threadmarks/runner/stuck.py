"""The watchdog for calls that the engine does not control: a real interval timer.

It never decides a mark. When the baton's holder has made no step for `stuck_s` real seconds *and* the process used no
processor time (hard work does, and so does a process that a busy machine lets run now and then), the run ends with the
line of the call, instead of hanging until a limit kills it. A timer and no thread: it costs nothing to start, and leaves the count of threads alone.

Its signal is handled on the main thread, between two instructions or out of the call that blocks it. A call that shuts out
signals, or never lets go of the interpreter, is left to the limits. Where the system has no such timer, a real thread beside
the program's looks instead: it sleeps, holds no baton and is in nobody's count but the kernel's.
"""

import signal
import sys
from collections.abc import Callable
from types import FrameType

from threadmarks.runner import baton, originals
from threadmarks.runner.frames import FrameReader

LOOKS = 8
"""How often it looks within `stuck_s`; each look must find that nothing has happened since the last."""
ASLEEP_S = 0.002
"""Processor time between two looks that a blocked process does not reach: it only runs the look itself."""


class Watchdog:
    """Watches the schedule that is active."""

    def __init__(self, stuck_s: float, reader: FrameReader, report: Callable[[int, str], None]) -> None:
        self._reader = reader
        self._report = report
        self._seen = -1
        self._asleep = 0
        self._used_s = originals.process_time()
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, self._look)
            signal.setitimer(signal.ITIMER_REAL, stuck_s / LOOKS, stuck_s / LOOKS)
        else:
            originals.start_new_thread(self._look_for_ever, (stuck_s / LOOKS,))

    def _look_for_ever(self, pause_s: float) -> None:
        while True:
            originals.sleep(pause_s)
            scheduler = baton.active
            if scheduler is not None:
                self._look(0, sys._current_frames().get(scheduler.main.real_ident))

    def _look(self, _signal: int, interrupted: FrameType | None) -> None:
        scheduler = baton.active
        if scheduler is None:
            return
        step = scheduler.points + scheduler.contended + scheduler.recorder.step
        used_s = originals.process_time()
        idle = step == self._seen and used_s - self._used_s < ASLEEP_S
        self._seen = step
        self._used_s = used_s
        self._asleep = self._asleep + 1 if idle else 0
        if self._asleep >= LOOKS:
            holder = scheduler.current
            frame = interrupted if holder is scheduler.main else sys._current_frames().get(holder.real_ident)
            self._report(self._reader.student_line(frame), frame.f_code.co_qualname if frame is not None else "")
