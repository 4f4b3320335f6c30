"""Reading stacks: which line of the student's file is active, and what a parked thread waits for, in words.

Frames are told apart by file name only: the student's module, the driver (the scenario), this engine, and everything
else, which is library code.
"""

import os
import sys
from collections.abc import Iterable
from types import CodeType, FrameType, TracebackType

DRIVER_FILE = "<driver>"
_ENGINE_DIR = os.path.dirname(sys._getframe().f_code.co_filename)
_BOOTSTRAP = {"Thread._bootstrap", "Thread._bootstrap_inner", "Thread.run", "_worker", "Timer.run"}
_RENAMED = {
    "_RLock": "RLock",
    "_PySimpleQueue": "SimpleQueue",
    "PathBase": "Path",
    "Thread._wait_for_tstate_lock": "Thread.join",
}


class FrameReader:
    """Knows the student's file name, and the names of other files of theirs that it is built upon.

    Lines are those of the student's file. The others act for the student, and are read like a library: what is waited for in
    them is told as the call that led there.
    """

    __slots__ = ("student_file", "theirs")

    def __init__(self, student_file: str, built_upon: Iterable[str] = ()) -> None:
        self.student_file = student_file
        self.theirs = frozenset((student_file, *built_upon))

    def side(self, code: CodeType) -> str:
        """Whose code it is: "student", "driver", "engine" or "library"."""
        name = code.co_filename
        if name == self.student_file:
            return "student"
        if name == DRIVER_FILE:
            return "driver"
        return "engine" if name.startswith(_ENGINE_DIR) else "library"

    def student_line(self, frame: FrameType | None) -> int:
        """The line of the innermost frame of the student's file; 0 when there is none."""
        student_file = self.student_file
        while frame is not None:
            if frame.f_code.co_filename == student_file:
                return frame.f_lineno or 0
            frame = frame.f_back
        return 0

    def origin(self, frame: FrameType | None) -> tuple[str, int]:
        """Whose code acts: ("student", line) or ("driver", the student's line further out, if any)."""
        while frame is not None:
            side = self.side(frame.f_code)
            if frame.f_code.co_filename in self.theirs:
                return "student", self.student_line(frame)
            if side == "driver":
                return "driver", self.student_line(frame)
            frame = frame.f_back
        return "driver", 0

    def acts_for_student(self, frame: FrameType | None) -> bool:
        """Whether the innermost frame that is neither the engine's nor a library's is the student's."""
        while frame is not None:
            name = frame.f_code.co_filename
            if name in self.theirs:
                return True
            if name == DRIVER_FILE:
                return False
            frame = frame.f_back
        return False

    def describe_wait(self, frame: FrameType | None, direct: str) -> str:
        """What the stack waits in, in the caller's words: "Queue.get", "Thread.join", ...

        `direct` is the answer when the student or the driver called the primitive itself.
        """
        outermost: FrameType | None = None  # what the student or the driver called
        while frame is not None:
            side = self.side(frame.f_code)
            if side in ("student", "driver"):
                break
            if side == "library" and frame.f_code.co_qualname not in _BOOTSTRAP:
                outermost = frame
            frame = frame.f_back
        if outermost is None:
            return direct
        word = _spoken(outermost.f_code.co_qualname)
        owner, _, method = word.rpartition(".")
        if owner and method.startswith("_"):  # a thread that lives in somebody's private method
            word = owner
        package = str(outermost.f_globals.get("__name__")).partition(".")[0]
        return f"asyncio.{word}" if package == "asyncio" and "." not in word else word

    def maker(self, frame: FrameType | None, direct: str) -> tuple[str, FrameType | None]:
        """What the student or the driver makes, as they call it: `direct`, or the class whose `__init__` they called.

        The frame is that of the `__init__`. ("", None) when a library makes it for itself.
        """
        outermost: FrameType | None = None
        while frame is not None:
            side = self.side(frame.f_code)
            if side in ("student", "driver"):
                break
            if (
                side == "library" and frame.f_code.co_filename != "<string>"
            ):  # a dataclass's `__init__` is the student's
                outermost = frame
            frame = frame.f_back
        if frame is None:
            return "", None
        if outermost is None:
            return direct, None
        owner, _, method = outermost.f_code.co_qualname.rpartition(".")
        return (_RENAMED.get(owner, owner), outermost) if method == "__init__" else ("", None)

    @staticmethod
    def spoken(qualname: str) -> str:
        """A library's function in the caller's words."""
        return _spoken(qualname)


def _spoken(qualname: str) -> str:
    if qualname in _RENAMED:
        return _RENAMED[qualname]
    owner, _, method = qualname.rpartition(".")
    owner = _RENAMED.get(owner, owner)
    if method in ("__enter__", "__exit__", "__aenter__", "__aexit__", "acquire"):
        return owner or method
    return f"{owner}.{method}" if owner else method


def traceback_rows(reader: FrameReader, traceback: TracebackType | None, limit: int = 40) -> list[list[object]]:
    """[side, line, function] of each frame, from the outermost to the innermost; engine frames are left out."""
    rows: list[list[object]] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        side = reader.side(code)
        if side != "engine":
            rows.append([side, traceback.tb_lineno or 0, code.co_qualname[:200]])
        traceback = traceback.tb_next
    return rows if len(rows) <= limit else rows[: limit // 2] + rows[-limit // 2 :]
