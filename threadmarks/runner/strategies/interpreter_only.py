"""Interpreter only: another strategy, heard only where this interpreter itself could switch threads.

Where it could not (`runner/polling.py`), the running thread goes on. So what fails under such a schedule can fail on this
Python, and not only on one without a global lock. No paper: a filter. A choice that is not put to the inner strategy is none of
those that it counts.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from threadmarks.runner.threads import ControlledThread

if TYPE_CHECKING:
    from threadmarks.runner.strategies import Strategy


class InterpreterOnly:
    """Passes on the choices that the interpreter has."""

    def __init__(self, inner: "Strategy") -> None:
        self._inner = inner

    def thread_started(self, thread: ControlledThread) -> None:
        """As the inner strategy has it."""
        self._inner.thread_started(thread)

    def yielded(self, thread: ControlledThread) -> None:
        """As the inner strategy has it."""
        self._inner.yielded(thread)

    def choose(
        self,
        candidates: Sequence[ControlledThread],
        default: ControlledThread,
        running: ControlledThread,
        may_go_on: bool,
    ) -> ControlledThread:
        """The running thread, where it could not be interrupted; else the inner strategy's choice."""
        if may_go_on and not running.could_switch:
            return default
        return self._inner.choose(candidates, default, running, may_go_on)
