"""The wait-for graph of a run's end: who waits for what, made where, held by whom, at which of the student's lines."""

import sys
from collections.abc import Iterable
from typing import Any

from threadmarks.runner.frames import FrameReader
from threadmarks.runner.threads import ControlledThread, State


def wait_for_graph(threads: Iterable[ControlledThread], reader: FrameReader) -> list[list[Any]]:
    """`wire.WaitRecord` rows of the threads that have not ended. All of them must be parked, but the caller's."""
    frames = sys._current_frames()
    rows = []
    for thread in threads:
        frame = frames.get(thread.real_ident)
        if thread.state is State.READY:
            rows.append([thread.serial, "running", 0, -1, reader.student_line(frame), -1, 0])
        elif thread.state is State.BLOCKED:
            waitable = thread.waiting_on
            holder = waitable.owner if waitable is not None else None
            rows.append(
                [
                    thread.serial,
                    reader.describe_wait(frame, thread.blocked_in),
                    waitable.made_line if waitable is not None else 0,
                    -1 if holder is None or holder is thread else holder.serial,
                    reader.student_line(frame),
                    thread.deadline_ns,
                    waitable.taken_line if waitable is not None and holder is not None else 0,
                ]
            )
    return rows
