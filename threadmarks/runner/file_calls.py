"""Files opened within a callback of an event loop: the kernel may take its time, and the whole loop waits meanwhile.

The engine sees a wait that it controls; a file's it does not, so opening one counts, however quick it was. Heard of through an audit
event (`guard`). Only what the student's code opens, directly or by the standard library's own ways to a file: an import and a
traceback open files too, and nobody can help that.
"""

import sys
from types import FrameType

from threadmarks.runner import baton
from threadmarks.runner.frames import FrameReader

_WAYS = frozenset(
    {"io", "_io", "os", "pathlib", "pathlib._local", "pathlib._abc", "tempfile", "shutil", "fileinput", "codecs"}
)


def opened() -> None:
    """Somebody opens a file: put it on the record if it holds up a loop."""
    scheduler = baton.active
    if scheduler is None or scheduler.over or not scheduler.current.callbacks:
        return
    line, what = _opener(sys._getframe(2), scheduler.reader)
    if line and scheduler.recorder.wants_detail():
        scheduler.keep_detail("block", line, [what, False])


def _opener(frame: FrameType | None, reader: FrameReader) -> tuple[int, str]:
    """The student's line that opens, and the function that it calls for that; (0, "") when it is not theirs."""
    what = "open"
    while frame is not None:
        if frame.f_code.co_filename == reader.student_file:
            return frame.f_lineno or 0, what
        if str(frame.f_globals.get("__name__")) not in _WAYS:
            return 0, ""
        what = reader.spoken(frame.f_code.co_qualname)
        frame = frame.f_back
    return 0, ""
