"""The probe: what a scenario uses to record facts. Holds no expectation.

`note` and `mark` put events on the record; thread serials come from the scheduler, so that a thread's name or reused
ident cannot mislead.
"""

import functools
import sys
from collections.abc import Callable
from random import Random
from typing import Any

from threadmarks.runner.baton import Scheduler
from threadmarks.runner.clock import NS
from threadmarks.runner.inputs import inputs_of
from threadmarks.runner.signals import Abort
from threadmarks.runner.values import plain, text_of, type_name


class Probe:
    """Handed to every scenario as its second argument."""

    def __init__(self, scheduler: Scheduler, input_seed: int) -> None:
        self._scheduler = scheduler
        self._input_seed = input_seed

    @functools.cached_property
    def random(self) -> Random:
        """For inputs that could be hard-coded: seeded by the file's content and the instructor's secret. A check draws the
        same numbers from `trace.inputs()`, so draw them in one go, before anything depends on the student's code.

        Made when it is first asked for: few scenarios draw, and a seed costs as much as a thread's start.
        """
        return inputs_of(self._input_seed)

    def note(self, name: str, value: Any = None) -> None:
        """Record a fact: plain JSON values as they are, anything else as {"type": its name}."""
        self._scheduler.record("note", [name, plain(value)])

    def mark(self, name: str) -> None:
        """Record a moment: the threads started so far, and each one's resumes and points."""
        threads = self._scheduler.threads
        counters = [[thread.serial, thread.resumes, thread.points] for thread in threads]
        self._scheduler.record("mark", [name, len(threads) - 1, counters])

    def thread(self) -> int:
        """The serial of the calling thread; 0 is main."""
        return self._scheduler.current.serial

    def serial(self, thread_object: Any) -> int:
        """The serial of a `threading.Thread`; -1 when it was not started here."""
        if thread_object is sys.modules["threading"].main_thread():
            return 0
        for thread in self._scheduler.threads:
            if thread.thread_object is thread_object and thread_object is not None:
                return thread.serial
        return -1

    def now(self) -> float:
        """Virtual seconds since the run began."""
        return self._scheduler.clock.now_ns / NS

    def started(self) -> int:
        """How many threads were started so far, the scenario's own included."""
        return len(self._scheduler.threads) - 1

    def attempt(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Call and tell: ["value", plain result] or ["raised", type name, message]."""
        try:
            result = function(*args, **kwargs)
        except Abort:
            raise
        except BaseException as error:
            return ["raised", type_name(type(error)), text_of(error)]
        return ["value", plain(result)]
