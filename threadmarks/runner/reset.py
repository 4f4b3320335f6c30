"""Between two schedules of one process: put back the process-wide state that a program changes.

What is missed here shows as a schedule that another process does not reproduce; the judge then runs each schedule in a
process of its own.
"""

import asyncio
import concurrent.futures.thread
import functools
import itertools
import logging
import os
import signal
import sys
import threading
import warnings
from typing import Any

from threadmarks.runner import loopback, patches, randomness


class ProcessState:
    """What a fresh process looks like."""

    def __init__(self) -> None:
        self._modules = set(sys.modules)
        self._environ = dict(os.environ)
        self._environ_bytes = dict(os.environ._data)  # type: ignore[attr-defined]  # the dictionary behind it
        self._hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        self._limits = (sys.getrecursionlimit(), sys.getswitchinterval())
        self._path = list(sys.path)
        self._filters = list(warnings.filters)
        self._loggers = dict(logging.getLogger().manager.loggerDict)

    @classmethod
    @functools.cache
    def of_template(cls) -> "ProcessState":
        """The state at the first call: made before any fork, so that no run pays for it."""
        return cls()

    def restore(self) -> None:
        """Make the process look fresh again."""
        patches.adopt_main_thread()
        for name in set(sys.modules) - self._modules:
            del sys.modules[name]
        if os.environ._data != self._environ_bytes:  # type: ignore[attr-defined]  # as bytes: no decoding of what did not change
            os.environ.clear()
            os.environ.update(self._environ)
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._hooks
        sys.setrecursionlimit(self._limits[0])
        sys.setswitchinterval(self._limits[1])
        sys.path[:] = self._path
        _restore_executors()
        _restore_logging(self._loggers)
        _restore_asyncio()
        warnings.filters[:] = self._filters  # type: ignore[index]  # a list; `resetwarnings` would empty it, and all be shown
        warnings._filters_mutated()  # type: ignore[attr-defined]  # what was decided by the filters before is looked up anew
        signal.set_wakeup_fd(-1)
        randomness.restart()
        loopback.restart()


def _restore_executors() -> None:
    pool: Any = concurrent.futures.thread
    pool._threads_queues.clear()
    pool._shutdown = False
    pool.ThreadPoolExecutor._counter = itertools.count().__next__
    pool._global_shutdown_lock._at_fork_reinit()


def _restore_logging(loggers: dict[str, Any]) -> None:
    """Forget the program's loggers; those that the standard library made at import stay, as they were."""
    root = logging.getLogger()
    root.manager.loggerDict.clear()
    root.manager.loggerDict.update(loggers)
    for logger in (root, *loggers.values()):
        if isinstance(logger, logging.Logger):
            logger.handlers.clear()
            logger.filters.clear()
            logger.level = logging.WARNING if logger is root else logging.NOTSET
            logger.propagate = True
            logger.disabled = False
            logger._cache.clear()  # type: ignore[attr-defined]  # filled at first use, under a lock
    root.manager.disable = logging.NOTSET
    logging._lock = threading.RLock()  # type: ignore[attr-defined]  # it may have been left held


def _restore_asyncio() -> None:
    asyncio.events._set_running_loop(None)
    asyncio.set_event_loop_policy(None)
    tasks: Any = asyncio.tasks
    tasks._task_name_counter = itertools.count(1).__next__
