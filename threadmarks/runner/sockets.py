"""Sockets under the baton: real loopback sockets whose blocking calls park in virtual time.

Each blocking call is tried without blocking; when the kernel says "would block", the thread parks until the descriptor is
ready. A socket's own time-out is obeyed in virtual seconds. Non-blocking sockets (asyncio's) pass straight through.
"""

import errno
import os
import select
import socket
from collections.abc import Callable
from typing import Any

from threadmarks.runner import baton

_C_SOCKET: Any = socket.socket.__mro__[1]  # `_socket.socket`
_set_timeout = _C_SOCKET.settimeout
_poll: Any = getattr(select, "poll", None)
_select = select.select  # kept before `io_wait` replaces its name
READABLE: int = getattr(select, "POLLIN", 1)
WRITABLE: int = getattr(select, "POLLOUT", 4)
_READING = ("recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into", "_accept")
_WRITING = ("send", "sendto", "sendmsg")


def _ready(descriptor: int, events: int) -> bool:
    if _poll is None:  # not on every system
        asked = ([descriptor] if events & READABLE else [], [descriptor] if events & WRITABLE else [])
        return any(_select(*asked, [descriptor], 0))
    poller = _poll()
    poller.register(descriptor, events)
    return bool(poller.poll(0))


def _without_blocking(sock: socket.socket, timeout: float | None, call: Callable[[], Any]) -> Any:
    _set_timeout(sock, 0.0)
    try:
        return call()
    finally:
        if sock.fileno() >= 0:
            _set_timeout(sock, timeout)


def _told_kernel() -> None:
    """Bytes, or an end, were given to the kernel: somebody may be waiting for them."""
    scheduler = baton.active
    if scheduler is not None and not scheduler.over:
        scheduler.kernel.dirty = True
        scheduler.kernel.poll()


def _park_until(sock: socket.socket, events: int, deadline_s: float | None, what: str) -> None:
    """Raises TimeoutError at the deadline (virtual seconds)."""
    from threadmarks.runner.io_wait import controlled  # it patches this module in; a cycle at import time

    descriptor = sock.fileno()
    left_s = None if deadline_s is None else max(0.0, deadline_s - _now_s())
    if not controlled(lambda: _ready(descriptor, events), left_s, what):
        raise TimeoutError("timed out")


def _now_s() -> float:
    scheduler = baton.active
    return scheduler.clock.now_ns / 1e9 if scheduler is not None else 0.0


def _parking(name: str, events: int, *, tells: bool) -> Callable[..., Any]:
    original = getattr(_C_SOCKET, name)

    def call(self: socket.socket, *args: Any) -> Any:
        timeout = self.gettimeout()
        scheduler = baton.active
        if scheduler is None or timeout == 0:
            result = original(self, *args)
        else:
            scheduler.point()
            deadline_s = None if timeout is None else _now_s() + timeout
            while True:
                try:
                    result = _without_blocking(self, timeout, lambda: original(self, *args))
                    break
                except BlockingIOError:
                    _park_until(self, events, deadline_s, f"socket.{name.lstrip('_')}")
        if tells:
            _told_kernel()
        return result

    call.__name__ = name
    call.__qualname__ = f"socket.{name.lstrip('_')}"
    return call


def _sendall(self: socket.socket, data: Any, flags: int = 0, /) -> None:
    view = memoryview(data).cast("B")
    while len(view):
        view = view[self.send(view, flags) :]


def _connect(self: socket.socket, address: Any, /) -> None:
    error = _connect_ex(self, address)
    if error:
        raise OSError(error, os.strerror(error))


def _connect_ex(self: socket.socket, address: Any, /) -> int:
    timeout = self.gettimeout()
    if baton.active is None or timeout == 0:
        error = int(_C_SOCKET.connect_ex(self, address))
    else:
        error = int(_without_blocking(self, timeout, lambda: _C_SOCKET.connect_ex(self, address)))
        if error in (errno.EINPROGRESS, errno.EAGAIN):
            _told_kernel()
            _park_until(self, WRITABLE, None if timeout is None else _now_s() + timeout, "socket.connect")
            error = self.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    _told_kernel()
    return error


def _telling(original: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: socket.socket, *args: Any) -> Any:
        result = original(self, *args)
        _told_kernel()
        return result

    call.__qualname__ = original.__qualname__
    return call


def install() -> None:
    """Give `socket.socket` parking calls."""
    kind: Any = socket.socket
    for names, events in ((_READING, READABLE), (_WRITING, WRITABLE)):
        for name in names:
            if hasattr(_C_SOCKET, name):  # not every system has those for messages
                setattr(kind, name, _parking(name, events, tells=events == WRITABLE))
    kind.sendall = _sendall
    kind.connect = _connect
    kind.connect_ex = _connect_ex
    kind.shutdown = _telling(_C_SOCKET.shutdown)
    kind.close = _telling(kind.close)
