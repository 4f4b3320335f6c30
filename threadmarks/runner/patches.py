"""What is replaced, and where: the names below `threading`, never its classes.

With locks, thread start, sentinels or handles, clocks and sleeps under control, the standard library's own Condition,
Event, Barrier, Queue, Timer, executors and asyncio run unmodified. `install` is called once, in a fresh process, before a
student's module is imported; afterwards it sweeps the modules that had bound the real names early.
"""

import _thread
import importlib
import itertools
import sys
import threading
import time
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from threadmarks.runner import baton, cores, executors, generated, io_wait, originals, randomness, tasks
from threadmarks.runner.clock import EPOCH_BASE_S, MONOTONIC_BASE_S, NS, to_ns
from threadmarks.runner.locks import ControlledLock, QuietLock, Started, ThreadHandle, sentinel
from threadmarks.runner.signals import Abort
from threadmarks.runner.threads import IDENT_BASE, ControlledThread
from threadmarks.runner.values import type_name

PRELOADED = (
    "abc",
    "array",
    "asyncio",
    "bisect",
    "collections",
    "collections.abc",
    "concurrent.futures",
    "concurrent.futures.thread",
    "contextlib",
    "contextvars",
    "copy",
    "dataclasses",
    "datetime",
    "enum",
    "functools",
    "heapq",
    "inspect",
    "itertools",
    "logging",
    "math",
    "operator",
    "queue",
    "random",
    "select",
    "selectors",
    "signal",
    "socket",
    "string",
    "traceback",
    "types",
    "typing",
    "uuid",
    "warnings",
    "weakref",
)
"""Modules that a zygote loads once, so that no run pays for them; after the patches, so that they bind ours."""

_NATIVE_ID_BASE = 10_000
_MAIN_IDENT = IDENT_BASE
SLEEP_MAX_S = 9_223_372_036.0
"""The longest sleep that the interpreter takes: its clock counts nanoseconds in 64 bits."""


# ---- identity


def get_ident() -> int:
    """The ident of the thread that holds the baton: only it can ask."""
    scheduler = baton.active
    return scheduler.current.ident if scheduler is not None else _MAIN_IDENT


def get_native_id() -> int:
    """A native id; unlike idents these are not reused."""
    scheduler = baton.active
    return _NATIVE_ID_BASE + (scheduler.current.serial if scheduler is not None else 0)


# ---- thread start


def _thread_behind(function: Any) -> Any:
    """The Thread object whose `_bootstrap` is being started; None for a bare function."""
    owner = getattr(function, "__self__", None)
    if not isinstance(owner, threading.Thread):
        return None
    if type(owner._started) is threading.Event:  # type: ignore[attr-defined]  # bookkeeping of the standard library
        owner._started = Started()  # type: ignore[attr-defined]  # likewise
    return owner


def _caller(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Callable[[Any], None]:
    def run(thread: ControlledThread) -> None:
        try:
            function(*args, **kwargs)
        except (Abort, SystemExit):
            pass  # both end the thread, and nothing else
        except BaseException as error:  # a bare `_thread` function: told on stderr, as the interpreter does
            thread.panic = type_name(type(error))
            sys.excepthook(type(error), error, error.__traceback__)
        finally:
            threading._active.pop(thread.ident, None)  # type: ignore[attr-defined]  # a stale dummy entry

    return run


def start_new_thread(function: Callable[..., Any], args: tuple[Any, ...] = (), kwargs: Any = None, /) -> int:
    """`_thread.start_new_thread`."""
    if not callable(function):
        raise TypeError("first arg must be callable")
    if not isinstance(args, tuple):
        raise TypeError("2nd arg must be a tuple")
    scheduler = baton.active
    if scheduler is None:
        raise RuntimeError("can't start new thread: no schedule runs")
    thread = scheduler.start_thread(_caller(function, args, kwargs or {}), _thread_behind(function))
    scheduler.point()
    return thread.ident


def start_joinable_thread(function: Callable[[], Any], *, handle: Any = None, daemon: bool = True) -> Any:
    """`_thread.start_joinable_thread` of 3.13."""
    scheduler = baton.active
    if scheduler is None:
        raise RuntimeError("can't start new thread: no schedule runs")
    handle = ThreadHandle() if handle is None else handle
    thread = scheduler.start_thread(_caller(function, (), {}), _thread_behind(function))
    handle.bind(thread)
    scheduler.point()
    return handle


def _make_invoke_excepthook(original: Callable[[], Callable[[Any], None]]) -> Callable[[], Callable[[Any], None]]:
    """Note which exception ended a Thread, then let the hook of the day report it."""

    def make() -> Callable[[Any], None]:
        report = original()

        def invoke(thread: Any) -> None:
            error = sys.exc_info()[1]
            scheduler = baton.active
            if scheduler is None or scheduler.over:
                return  # it was made to leave; what its clean-up raised is nobody's panic
            if error is not None:
                scheduler.current.panic = type_name(type(error))
            report(thread)

        return invoke

    return make


def _bare_rlock(*args: Any, **kwargs: Any) -> Any:
    """`_thread.RLock`, for those who import it from there."""
    return threading._PyRLock(*args, **kwargs)  # type: ignore[attr-defined]  # the pure Python twin


# ---- time


def sleep(seconds: float, /) -> None:
    """`time.sleep` in virtual time."""
    if seconds != seconds:
        raise ValueError("Invalid value NaN (not a number)")
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    if seconds > SLEEP_MAX_S:
        raise OverflowError("timestamp too large to convert to C PyTime_t")
    scheduler = baton.active
    if scheduler is None:
        return
    if seconds == 0:
        scheduler.yield_now()
        return
    scheduler.point()
    scheduler.sleep_until(scheduler.clock.now_ns + max(1, to_ns(seconds)))


def _now_ns() -> int:
    scheduler = baton.active
    return scheduler.read_clock() if scheduler is not None else 0


def monotonic() -> float:
    """`time.monotonic` and `time.perf_counter`."""
    return MONOTONIC_BASE_S + _now_ns() / NS


def monotonic_ns() -> int:
    """The same in nanoseconds."""
    return MONOTONIC_BASE_S * NS + _now_ns()


def wall_time() -> float:
    """`time.time`: starts at the same date in every run."""
    return EPOCH_BASE_S + _now_ns() / NS


def wall_time_ns() -> int:
    """The same in nanoseconds."""
    return EPOCH_BASE_S * NS + _now_ns()


def cpu_time() -> float:
    """`time.process_time` and `thread_time`: they would differ from run to run, so they read the virtual clock."""
    return _now_ns() / NS


def cpu_time_ns() -> int:
    """The same in nanoseconds."""
    return _now_ns()


def _at_virtual_time(convert: Callable[..., Any]) -> Callable[..., Any]:
    """`time.localtime` and its like: without an argument, at the virtual time."""

    def converted(seconds: float | None = None, /) -> Any:
        return convert(wall_time() if seconds is None else seconds)

    return converted


def _controlled_datetime(original: type) -> type:
    """`datetime.datetime` whose `now` is virtual. A subclass, for the original cannot be changed."""

    class Meta(type(original)):  # type: ignore[misc]  # its metaclass is `type`; isinstance must see the original's too
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, original)

    class datetime(original, metaclass=Meta):  # type: ignore[misc]  # noqa: N801  # keeps its name
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return original.fromtimestamp(wall_time(), tz)  # type: ignore[attr-defined]  # it is datetime

        @classmethod
        def utcnow(cls) -> Any:
            return original.fromtimestamp(wall_time(), sys.modules["datetime"].timezone.utc).replace(tzinfo=None)  # type: ignore[attr-defined]  # it is datetime

        @classmethod
        def today(cls) -> Any:
            return cls.now()

    datetime.__module__ = "datetime"
    datetime.__qualname__ = "datetime"
    return datetime


# ---- installing


def _names() -> list[tuple[ModuleType, str, Any]]:
    """Every (module, name, replacement) of modules that exist before the preloading."""
    rows: list[tuple[ModuleType, str, Any]] = [
        (_thread, "allocate_lock", ControlledLock),
        (_thread, "allocate", ControlledLock),
        (_thread, "RLock", _bare_rlock),
        (_thread, "start_new_thread", start_new_thread),
        (_thread, "start_new", start_new_thread),
        (_thread, "get_ident", get_ident),
        (_thread, "get_native_id", get_native_id),
        (threading, "Lock", ControlledLock),
        (threading, "_allocate_lock", ControlledLock),
        (threading, "_CRLock", None),
        (threading, "RLock", threading._PyRLock),  # type: ignore[attr-defined]  # the pure Python twin
        (threading, "get_ident", get_ident),
        (threading, "get_native_id", get_native_id),
        (threading, "_time", monotonic),
        (threading, "_active_limbo_lock", QuietLock()),
        (
            threading,
            "_make_invoke_excepthook",
            _make_invoke_excepthook(threading._make_invoke_excepthook),  # type: ignore[attr-defined]  # private on purpose
        ),
        (time, "sleep", sleep),
        (time, "monotonic", monotonic),
        (time, "monotonic_ns", monotonic_ns),
        (time, "perf_counter", monotonic),
        (time, "perf_counter_ns", monotonic_ns),
        (time, "time", wall_time),
        (time, "time_ns", wall_time_ns),
        (time, "process_time", cpu_time),
        (time, "process_time_ns", cpu_time_ns),
        (time, "thread_time", cpu_time),
        (time, "thread_time_ns", cpu_time_ns),
        (time, "localtime", _at_virtual_time(time.localtime)),
        (time, "gmtime", _at_virtual_time(time.gmtime)),
        (time, "ctime", _at_virtual_time(time.ctime)),
    ]
    if sys.version_info >= (3, 13):
        rows += [
            (_thread, "start_joinable_thread", start_joinable_thread),
            (_thread, "lock", ControlledLock),
            (threading, "_start_joinable_thread", start_joinable_thread),
            (threading, "_ThreadHandle", ThreadHandle),
        ]
    else:
        rows += [
            (_thread, "_set_sentinel", sentinel),
            (threading, "_set_sentinel", sentinel),
            (threading, "_start_new_thread", start_new_thread),
            (threading, "_shutdown_locks_lock", QuietLock()),
        ]
    return rows


def _sweep(replaced: dict[int, Any]) -> None:
    """Replace what modules had bound early: the functions themselves, and locks that were made from them."""
    for name, module in sorted(sys.modules.items()):
        if module is None or name.startswith(("threadmarks", "importlib", "_frozen_importlib", "__main__")):
            continue
        for key, value in list(vars(module).items()):
            if id(value) in replaced:
                setattr(module, key, replaced[id(value)])
            elif type(value) is originals.LockType:
                setattr(module, key, ControlledLock())
            elif type(value) is originals.RLock:
                setattr(module, key, _bare_rlock())


def install() -> None:
    """Replace every name, in a process that is single-threaded and has imported nothing of a student's."""
    rows = _names()
    keep_alive = [getattr(module, name) for module, name, _ in rows if hasattr(module, name)]
    replaced = {
        id(getattr(module, name)): replacement
        for module, name, replacement in rows
        if callable(getattr(module, name, None)) and replacement is not None
    }
    for module, name, replacement in rows:
        setattr(module, name, replacement)
    _sweep(replaced)
    for name in PRELOADED:
        importlib.import_module(name)
    _sweep(replaced)
    del keep_alive
    _install_late()
    cores.install()
    executors.install()
    generated.install()
    io_wait.install()
    tasks.install()
    randomness.install()
    adopt_main_thread()


def _install_late() -> None:
    """What lives in modules that the preloading brings."""
    queue = sys.modules["queue"]
    fast_queue = importlib.import_module("_queue")
    queue.SimpleQueue = queue._PySimpleQueue  # type: ignore[attr-defined]  # the pure Python twin
    fast_queue.SimpleQueue = queue._PySimpleQueue  # type: ignore[attr-defined]  # likewise
    functools: Any = sys.modules["functools"]
    if hasattr(functools, "RLock"):
        functools.RLock = _bare_rlock  # 3.11: cached_property holds one while it calls the student's function
    calendar = sys.modules["datetime"]
    calendar.datetime = _controlled_datetime(calendar.datetime)  # type: ignore[attr-defined]  # a module


def adopt_main_thread() -> None:
    """Make `threading`'s bookkeeping that of a program with one thread: main, with our ident and our lock."""
    main = threading.main_thread()
    main._ident = _MAIN_IDENT  # type: ignore[attr-defined]  # bookkeeping of the standard library
    main._native_id = _NATIVE_ID_BASE  # type: ignore[attr-defined]  # likewise
    threading._active.clear()  # type: ignore[attr-defined]  # likewise
    threading._active[_MAIN_IDENT] = main  # type: ignore[attr-defined]  # likewise
    threading._limbo.clear()  # type: ignore[attr-defined]  # likewise
    threading._dangling.clear()  # type: ignore[attr-defined]  # likewise
    threading._dangling.add(main)  # type: ignore[attr-defined]  # likewise
    threading._counter = itertools.count(1).__next__  # type: ignore[attr-defined]  # names start again at Thread-1
    lock = ControlledLock()
    lock._held = True
    scheduler = baton.active
    lock.owner = scheduler.main if scheduler is not None else None
    if sys.version_info >= (3, 13):
        handle = ThreadHandle()
        handle._done = lock
        handle.ident = _MAIN_IDENT
        main._handle = handle
    else:
        main._tstate_lock = lock  # type: ignore[attr-defined]  # likewise
        threading._shutdown_locks.clear()  # type: ignore[attr-defined]  # likewise
