"""Thread pools of the standard library, in an order that does not depend on addresses.

A `ThreadPoolExecutor` keeps its threads in a set and joins them in that set's order, which is the order of their
addresses: what is recorded beside a schedule would decide it. Here they stand in the order in which they were started.
Must not change anything else of an executor.
"""

import functools
from concurrent.futures import ThreadPoolExecutor
from typing import Any


class InOrder(dict[Any, None]):
    """As much of a set as an executor uses, in the order of insertion."""

    __slots__ = ()

    def add(self, item: Any) -> None:
        """Put it at the end, unless it is there."""
        self[item] = None


def install() -> None:
    """Have every executor that is made from now on keep its threads in order."""
    original = ThreadPoolExecutor.__init__

    @functools.wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self._threads = InOrder()

    ThreadPoolExecutor.__init__ = init  # type: ignore[method-assign]  # replaced on purpose
