"""Tasks of an event loop on their threads: when each step begins and ends, where the task stands, what it awaits.

An event loop runs a task step by step, each by one call of `Handle._run`, and every other callback too: what blocks in
there holds up the whole loop (`baton` records it). That method is wrapped once and for all, in light
runs too, so that stacks are equally deep in both; only a full run looks. Looking runs none of the student's code: it reads
slots of asyncio's own Task below any subclass, and frames of coroutines of the interpreter's own types.
"""

import asyncio
import types
import weakref
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

from threadmarks.runner import baton
from threadmarks.runner.values import type_name

if TYPE_CHECKING:
    from threadmarks.runner.baton import Scheduler

NAME_LIMIT = 80
DEPTH_LIMIT = 200
"""How many coroutines that await each other are followed to find where a task stands."""
_TASK: Any = asyncio.Task  # its slots are private
_METHODS = (types.BuiltinMethodType, types.MethodType)


class TaskBook:
    """The tasks of one schedule, numbered in order of first sight."""

    __slots__ = ("_count", "_numbers")

    def __init__(self) -> None:
        # By address, for tasks may hash as they like; weakly, for the end of a task says something (an exception that
        # nobody asked for) and must come when it would.
        self._numbers: dict[int, tuple[weakref.ref[Any], int]] = {}
        self._count = 0

    def number(self, task: Any) -> int:
        """The number of a task, given at first sight."""
        reference, number = self._numbers.get(id(task), (_nobody, -1))
        if reference() is not task:
            number = self._count
            self._count += 1
            self._numbers[id(task)] = (weakref.ref(task), number)
        return number


def _nobody() -> None:
    """Stands for a reference to a task that is gone."""


def install() -> None:
    """Wrap the one method by which an event loop runs what is ready."""
    handle: Any = asyncio.events.Handle
    handle._run = _watched(handle._run)


def _watched(run: Callable[[Any], None]) -> Callable[[Any], None]:
    def _run(self: Any) -> None:
        scheduler = baton.active
        thread = scheduler.current if scheduler is not None and scheduler.recorder.full else None
        task = _task_of(self._callback) if thread is not None else None
        number = _begin(scheduler, task) if scheduler is not None and task is not None else -1
        if thread is not None:
            thread.callbacks += 1
        try:
            run(self)
        finally:
            if thread is not None:
                thread.callbacks -= 1
            if number >= 0 and scheduler is not None:
                _end(scheduler, task, number)
            # The traceback of what a task raised keeps this frame: naming the task here, it would keep that for ever.
            self = task = None

    return _run


def _task_of(callback: Any) -> Any:
    """The task whose step a callback is; None for any other callback."""
    kind = type(callback)
    if kind not in _METHODS and type.__getattribute__(kind, "__name__") != "TaskStepMethWrapper":
        return None
    owner = callback.__self__
    return owner if _is_task(owner) else None


def _begin(scheduler: "Scheduler", task: Any) -> int:
    if scheduler.over or _of_the_loop(scheduler, task) or not scheduler.recorder.wants_detail():
        return -1
    number = scheduler.tasks.number(task)
    scheduler.keep_detail("step", _stand(scheduler, task)[0], [number, _name(task)])
    return number


def _of_the_loop(scheduler: "Scheduler", task: Any) -> bool:
    """Whether the task is one that an event loop runs for itself when it closes."""
    coroutine = asyncio.Task.get_coro(task)
    if type(coroutine) is not types.CoroutineType:
        return False
    code = coroutine.cr_code
    return code.co_qualname.startswith("BaseEventLoop.") and scheduler.reader.side(code) == "library"


def _end(scheduler: "Scheduler", task: Any, number: int) -> None:
    if scheduler.over or not scheduler.recorder.wants_detail():
        return
    if asyncio.Future.done(task):
        scheduler.keep_detail("finish", 0, [number, _ended_by(task)])
        return
    line, what = _stand(scheduler, task)
    awaited = _TASK._fut_waiter.__get__(task)
    other = scheduler.tasks.number(awaited) if _is_task(awaited) else -1
    scheduler.keep_detail("park", line, [number, what or _bare(awaited), other])


def _ended_by(task: Any) -> str:
    """The type name of the exception that ended a task; "" for none."""
    if asyncio.Future.cancelled(task):
        return "CancelledError"
    error = _TASK._exception.__get__(task)  # below `exception()`, which would mark it as looked at
    return "" if error is None else type_name(type(error))[:NAME_LIMIT]


def _is_task(value: Any) -> bool:
    return issubclass(type(value), asyncio.Task)


def _bare(awaited: Any) -> str:
    """What a task awaits with no coroutine of a library's in between."""
    if awaited is None:
        return "sleep"  # a bare yield, as `sleep(0)` is one
    if _is_task(awaited):
        return "Task"
    return "gather" if type.__getattribute__(type(awaited), "__name__") == "_GatheringFuture" else "Future"


def _name(task: Any) -> str:
    name = asyncio.Task.get_name(task)
    return name[:NAME_LIMIT].encode("utf-8", "backslashreplace").decode("utf-8") if type(name) is str else ""


_ENTERING = "_ContextManagerMixin.__aenter__"
"""How asyncio's locks begin an `async with`, all of them; what it awaits says which it is."""


def _stand(scheduler: "Scheduler", task: Any) -> tuple[int, str]:
    """The student's line where a task stands, and the library's coroutine that it awaits there ("" when none)."""
    line, what = 0, ""
    reader = scheduler.reader
    for frame in _frames(asyncio.Task.get_coro(task)):
        side = reader.side(frame.f_code)
        if side == "student":
            line, what = frame.f_lineno or 0, ""
        elif side == "driver":
            what = ""
        elif side == "library" and not what and frame.f_code.co_qualname != _ENTERING:
            what = reader.spoken(frame.f_code.co_qualname)[:NAME_LIMIT]
    return line, what


def _frames(awaited: Any) -> list[FrameType]:
    """The frames of coroutines that await each other, from the outermost inwards."""
    frames: list[FrameType] = []
    for _ in range(DEPTH_LIMIT):
        kind = type(awaited)
        if kind is types.CoroutineType:
            frame, awaited = awaited.cr_frame, awaited.cr_await
        elif kind is types.GeneratorType:
            frame, awaited = awaited.gi_frame, awaited.gi_yieldfrom
        else:
            break
        if frame is not None:
            frames.append(frame)
    return frames
