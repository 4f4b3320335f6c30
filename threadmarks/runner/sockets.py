"""Sockets under the baton: real loopback sockets whose blocking calls park in virtual time.

Each blocking call is tried without blocking; when it would block, the thread parks until the descriptor is ready. A socket's
own time-out is obeyed in virtual seconds. Non-blocking sockets (asyncio's) never park. What the kernel carries is followed by
`loopback`.
"""

import errno
import os
import select
import socket
from collections.abc import Callable
from typing import Any

from threadmarks.runner import baton, loopback

_C_SOCKET: Any = socket.socket.__mro__[1]  # `_socket.socket`
_set_timeout = _C_SOCKET.settimeout
_poll: Any = getattr(select, "poll", None)
_select = select.select  # kept before `io_wait` replaces its name
READABLE: int = getattr(select, "POLLIN", 1)
WRITABLE: int = getattr(select, "POLLOUT", 4)
_READING = ("recv", "recv_into", "recvfrom_into", "recvmsg", "recvmsg_into", "_accept")


def _ready(descriptor: int, events: int) -> bool:
    if events & WRITABLE and loopback.current.full(descriptor):
        return False
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
    """Bytes, an end, or room were given to the kernel: somebody may be waiting for that."""
    scheduler = baton.active
    if scheduler is not None and not scheduler.over:
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


def _parking(name: str, events: int, once: Callable[..., Any]) -> Callable[..., Any]:
    """A call that parks where `once` would block."""

    def call(self: socket.socket, *args: Any) -> Any:
        timeout = self.gettimeout()
        scheduler = baton.active
        if scheduler is None or timeout == 0:
            result = once(self, *args)
        else:
            scheduler.point()
            deadline_s = None if timeout is None else _now_s() + timeout
            while True:
                try:
                    result = _without_blocking(self, timeout, lambda: once(self, *args))
                    break
                except BlockingIOError:
                    _park_until(self, events, deadline_s, f"socket.{name.lstrip('_')}")
        _told_kernel()
        return result

    call.__name__ = name
    call.__qualname__ = f"socket.{name.lstrip('_')}"
    return call


def _recvfrom_once(self: socket.socket, *args: Any) -> tuple[bytes, Any]:
    data, address = _C_SOCKET.recvfrom(self, *args)
    return data, loopback.current.seen(address)


def _send_once(self: socket.socket, data: Any, flags: int = 0, /) -> int:
    return loopback.current.send(self, data, lambda part: int(_C_SOCKET.send(self, part, flags)))


def _sendto_once(self: socket.socket, data: Any, *rest: Any) -> int:
    if loopback.is_stream(self):
        return _send_once(self, data, *rest[:-1])
    rest = (*rest[:-1], loopback.current.real(rest[-1])) if rest else rest
    return loopback.current.send(self, data, lambda part: int(_C_SOCKET.sendto(self, part, *rest)))


def _sendmsg_once(self: socket.socket, buffers: Any, *rest: Any) -> int:
    buffers = list(buffers)
    if loopback.current.room(self) is None:
        return loopback.current.send(self, b"", lambda _: int(_C_SOCKET.sendmsg(self, buffers, *rest)))
    whole = b"".join(memoryview(each).cast("B") for each in buffers)
    return loopback.current.send(self, whole, lambda part: int(_C_SOCKET.sendmsg(self, [part], *rest)))


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
    address = loopback.current.real(address)
    if baton.active is None:
        return int(_C_SOCKET.connect_ex(self, address))
    error = int(_without_blocking(self, timeout, lambda: _C_SOCKET.connect_ex(self, address)))
    if error in (0, errno.EINPROGRESS, errno.EAGAIN):
        loopback.current.connecting(self)
        if error and timeout != 0:
            _told_kernel()
            _park_until(self, WRITABLE, None if timeout is None else _now_s() + timeout, "socket.connect")
            error = self.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    _told_kernel()
    return error


def _accept(self: socket.socket) -> tuple[socket.socket, Any]:
    connection, address = _whole_accept(self)
    loopback.current.accepted(connection)
    return connection, loopback.current.seen(address)


def _bind(self: socket.socket, address: Any, /) -> None:
    _C_SOCKET.bind(self, loopback.current.real(address))
    if isinstance(address, tuple) and len(address) > 1 and address[1] == 0:
        loopback.current.chosen(self)


def _listen(self: socket.socket, backlog: int = loopback.BACKLOG, /) -> None:
    _C_SOCKET.listen(self, max(backlog, loopback.BACKLOG))
    loopback.current.listens(self)


def _shutdown(self: socket.socket, how: int, /) -> None:
    loopback.current.ends(self, lambda: _C_SOCKET.shutdown(self, how), closes=False)
    _told_kernel()


def _real_close(self: socket.socket, _ss: Any = _C_SOCKET) -> None:
    loopback.current.ends(self, lambda: _ss.close(self), closes=True)
    _told_kernel()


def _init(self: socket.socket, *args: Any, **kwargs: Any) -> None:
    _whole_init(self, *args, **kwargs)
    if baton.active is not None and (args[3:] or [kwargs.get("fileno")])[0] is None:
        loopback.current.made(self)


def _naming(name: str) -> Callable[[socket.socket], Any]:
    original = getattr(_C_SOCKET, name)

    def call(self: socket.socket) -> Any:
        return loopback.current.seen(original(self))

    call.__name__ = name
    call.__qualname__ = f"socket.{name}"
    return call


_whole_init = socket.socket.__init__
_whole_accept = socket.socket.accept


def install() -> None:
    """Give `socket.socket` parking calls, over connections that are followed."""
    "localhost".encode("idna")  # the codec of host names is loaded at its first use, once a process
    kind: Any = socket.socket
    for name in _READING:
        if hasattr(_C_SOCKET, name):  # not every system has those for messages
            setattr(kind, name, _parking(name, READABLE, getattr(_C_SOCKET, name)))
    kind.recvfrom = _parking("recvfrom", READABLE, _recvfrom_once)
    writing = {"send": _send_once, "sendto": _sendto_once, "sendmsg": _sendmsg_once}
    for name, once in writing.items():
        if hasattr(_C_SOCKET, name):
            setattr(kind, name, _parking(name, WRITABLE, once))
    for name in ("getsockname", "getpeername"):
        setattr(kind, name, _naming(name))
    kind.__init__ = _init
    kind.sendall = _sendall
    kind.connect = _connect
    kind.connect_ex = _connect_ex
    kind.accept = _accept
    kind.bind = _bind
    kind.listen = _listen
    kind.shutdown = _shutdown
    kind._real_close = _real_close
