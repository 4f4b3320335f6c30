"""Waiting for descriptors: `selectors` and `select` under the baton.

A thread that waits for a socket parks like any other; the kernel is asked again whenever bytes were given to it and when
nobody can run. Time passes only while the kernel has nothing to deliver.
"""

import select
import selectors
from collections.abc import Callable
from typing import Any

from threadmarks.runner import baton, sockets
from threadmarks.runner.clock import to_ns

SELECT_PATIENCE = 2_000
"""Empty non-blocking selects in a row, after which a loop counts as polling."""


def controlled(poll: Callable[[], Any], timeout_s: float | None, what: str) -> Any:
    """Poll, and park until `poll()` is true or `timeout_s` (None: no limit) has passed; then what it gave last."""
    scheduler = baton.active
    if scheduler is None:
        return poll()
    scheduler.point()
    result = poll()
    if result:
        return result
    if timeout_s is not None and timeout_s <= 0:
        scheduler.yield_now(SELECT_PATIENCE)
        return poll()
    deadline_ns = -1 if timeout_s is None else scheduler.clock.now_ns + to_ns(timeout_s)
    result = scheduler.io_wait(poll, deadline_ns, what)
    return result if result is not None else poll()


def _select_method(original: Callable[..., Any]) -> Callable[..., Any]:
    def select_(self: Any, timeout: float | None = None) -> Any:
        return controlled(lambda: original(self, 0), timeout, "select")

    select_.__qualname__ = original.__qualname__
    return select_


_real_select = select.select


def _select(rlist: Any, wlist: Any, xlist: Any, timeout: float | None = None, /) -> Any:
    """`select.select`."""
    rows = (list(rlist), list(wlist), list(xlist))

    def poll() -> Any:
        found = _real_select(*rows, 0)
        return found if any(found) else None

    return controlled(poll, timeout, "select") or ([], [], [])


def install() -> None:
    """Patch the selectors' `select`, `select.select` and the sockets' blocking calls."""
    for name in ("SelectSelector", "PollSelector", "EpollSelector", "DevpollSelector", "KqueueSelector"):
        kind = getattr(selectors, name, None)
        if kind is not None and "select" in vars(kind):
            kind.select = _select_method(vars(kind)["select"])
        elif kind is not None and name == "PollSelector":
            base = kind.__mro__[1]
            base.select = _select_method(vars(base)["select"])
    select.select = _select
    sockets.install()
