"""Between two schedules of one process: put back the process-wide state that a program changes.

What is missed here shows as a schedule that another process does not reproduce; the judge then runs each schedule in a
process of its own.
"""

import asyncio
import concurrent.futures.thread
import itertools
import logging
import os
import signal
import sys
import threading
import warnings
from typing import Any

from threadmarks.runner import patches, randomness


class ProcessState:
    """What a fresh process looks like, taken once before the first schedule."""

    def __init__(self) -> None:
        self._modules = set(sys.modules)
        self._environ = dict(os.environ)
        self._hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        self._limits = (sys.getrecursionlimit(), sys.getswitchinterval())
        self._path = list(sys.path)

    def restore(self) -> None:
        """Make the process look fresh again."""
        patches.adopt_main_thread()
        for name in set(sys.modules) - self._modules:
            del sys.modules[name]
        if dict(os.environ) != self._environ:
            os.environ.clear()
            os.environ.update(self._environ)
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._hooks
        sys.setrecursionlimit(self._limits[0])
        sys.setswitchinterval(self._limits[1])
        sys.path[:] = self._path
        _restore_executors()
        _restore_logging()
        _restore_asyncio()
        warnings.resetwarnings()
        signal.set_wakeup_fd(-1)
        randomness.restart()


def _restore_executors() -> None:
    pool: Any = concurrent.futures.thread
    pool._threads_queues.clear()
    pool._shutdown = False
    pool.ThreadPoolExecutor._counter = itertools.count().__next__
    pool._global_shutdown_lock._at_fork_reinit()


def _restore_logging() -> None:
    root = logging.getLogger()
    if root.handlers or root.level != logging.WARNING or root.manager.loggerDict:
        root.handlers.clear()
        root.setLevel(logging.WARNING)
        root.manager.loggerDict.clear()
    logging.disable(logging.NOTSET)
    logging._lock = threading.RLock()  # type: ignore[attr-defined]  # it may have been left held


def _restore_asyncio() -> None:
    asyncio.events._set_running_loop(None)
    asyncio.set_event_loop_policy(None)
    tasks: Any = asyncio.tasks
    tasks._task_name_counter = itertools.count(1).__next__
