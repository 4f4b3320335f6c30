"""Waiting for descriptors: `selectors` and `select` under the baton.

A thread that waits for a socket parks like any other; the kernel is asked again whenever bytes were given to it and when
nobody can run. Time passes only while the kernel has nothing to deliver.
"""

import select
import selectors
from collections.abc import Callable
from typing import Any, Self

from threadmarks.runner import baton, loopback, sockets
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
        return controlled(lambda: _in_order(self, original(self, 0)), timeout, "select")

    select_.__qualname__ = original.__qualname__
    return select_


def _in_order(selector: Any, found: list[tuple[Any, int]]) -> list[tuple[Any, int]]:
    """What a selector found, without sockets that have no room, in order of registering: the kernel promises none."""
    rows = [(key, mask & ~selectors.EVENT_WRITE if loopback.current.full(key.fd) else mask) for key, mask in found]
    rows = [row for row in rows if row[1]]
    if len(rows) < 2:
        return rows
    places = {descriptor: place for place, descriptor in enumerate(selector._fd_to_key)}
    return sorted(rows, key=lambda row: places[row[0].fd])


class _Polling:
    """`select.poll` and `select.epoll` whose `poll` parks; everything else is the real object's."""

    per_second = 1000.0
    real: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._it = self.real(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._it, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def poll(self, timeout: float | None = None, maxevents: int = -1) -> list[tuple[int, int]]:
        """Descriptors and masks, without sockets that have no room, by descriptor."""

        def look() -> list[tuple[int, int]]:
            rows = (
                (fd, mask & ~sockets.WRITABLE if loopback.current.full(fd) else mask) for fd, mask in self._it.poll(0)
            )
            return sorted(row for row in rows if row[1])

        limit_s = None if timeout is None or timeout < 0 else timeout / self.per_second
        found: list[tuple[int, int]] = controlled(look, limit_s, "select")
        return found[:maxevents] if maxevents > 0 else found


def _polling(name: str, per_second: float) -> None:
    real = getattr(select, name, None)
    if real is not None:  # not on every system
        kind = type(name, (_Polling,), {"per_second": per_second, "real": staticmethod(real), "__module__": "select"})
        setattr(select, name, kind)


_real_select = select.select


def _select(rlist: Any, wlist: Any, xlist: Any, timeout: float | None = None, /) -> Any:
    """`select.select`."""
    rows = (list(rlist), list(wlist), list(xlist))

    def poll() -> Any:
        readable, writable, odd = _real_select(*rows, 0)
        writable = [each for each in writable if not loopback.current.full(_descriptor(each))]
        return (readable, writable, odd) if readable or writable or odd else None

    return controlled(poll, timeout, "select") or ([], [], [])


def _descriptor(each: Any) -> int:
    return each if isinstance(each, int) else int(each.fileno())


def install() -> None:
    """Patch the selectors' `select`, `select.select`, `poll` and `epoll`, and the sockets' blocking calls."""
    for name in ("SelectSelector", "PollSelector", "EpollSelector", "DevpollSelector", "KqueueSelector"):
        kind = getattr(selectors, name, None)
        if kind is not None and "select" in vars(kind):
            kind.select = _select_method(vars(kind)["select"])
        elif kind is not None and name == "PollSelector":
            base = kind.__mro__[1]
            base.select = _select_method(vars(base)["select"])
    select.select = _select
    _polling("poll", 1000.0)
    _polling("epoll", 1.0)
    sockets.install()
