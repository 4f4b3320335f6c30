"""The loopback made exact: what the kernel does with a connection is the same at every time, on every machine.

Both ends of a connection on loopback are in this process, so what is under way is known. Three things make a trace the same:

- **Nothing stays under way.** Whoever gives the kernel bytes, an end, a reset or a connection waits, in real time, until the other
  end could see it. Between two steps of a program the kernel's queues are therefore at rest.
- **The window is ours.** At most `WINDOW_BYTES` are under way in a direction; the kernel's own buffers are larger, so how much a
  `send` takes, and when a socket is writable, never depends on them.
- **Port numbers are counted.** Those that the kernel chooses are told, and taken, by numbers in order of first sight.

The state is the kernel's wherever it can be asked (how much lies unread at the other end); what is kept here is who the other end is.
Must not park anybody (`sockets`, `io_wait`). Where a system lacks what this needs, connections pass as they are.
"""

import array
import errno
import select
import socket
import weakref
from collections.abc import Callable
from typing import Any

from threadmarks.runner import originals

try:
    import fcntl
    import termios
except ImportError:  # not on every system
    fcntl = termios = None  # type: ignore[assignment]  # then nothing is followed

WINDOW_BYTES = 64 << 10
"""How much may be sent and not yet read, in one direction of one connection."""
KERNEL_BUFFER_BYTES = 256 << 10
"""What the kernel is asked for, so that it never is the narrower one."""
BACKLOG = 128
"""How many connections a listener queues at least: beyond that the kernel drops what arrives, and tries again in seconds."""
FIRST_PORT = 49_152
PATIENCE_S = 2.0
"""Real time after which what was sent is no longer waited for; the run then goes on, unsure."""
LOOKS_AT_ONCE = 3
LOOK_PERIOD_S = 0.00005
"""Nearly always it is there at once. Else a thread of the kernel's has to run first, on the core on which we would be looking; or
more than a dozen small packets are unanswered, and the kernel takes 40 ms to answer while nobody reads.
"""

_C: Any = socket.socket.__mro__[1]  # `_socket.socket`
_poll: Any = getattr(select, "poll", None)
_IN: int = getattr(select, "POLLIN", 1)
_OUT: int = getattr(select, "POLLOUT", 4)
_BROKEN: int = getattr(select, "POLLERR", 8) | getattr(select, "POLLHUP", 16)
_ENDED: int = _BROKEN | getattr(select, "POLLRDHUP", 0x2000)
_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
FOLLOWS = fcntl is not None and _poll is not None and hasattr(select, "POLLRDHUP") and _QUICKACK is not None

_Link = tuple[Any, Any]  # own address, the other end's


class _Early:
    """What a client has done to a connection that nobody has accepted yet."""

    def __init__(self, client: "socket.socket") -> None:
        self.client = weakref.ref(client)
        self.sent = 0
        self.ended = False


class Loopback:
    """The connections of one schedule."""

    def __init__(self) -> None:
        self.unsure = False  # something was given to the kernel in this schedule that was not seen to arrive
        self.doubted = False  # the same, since the kernel was last given a moment
        self._peers: weakref.WeakKeyDictionary[socket.socket, weakref.ref[socket.socket]] = weakref.WeakKeyDictionary()
        self._early: dict[_Link, _Early] = {}
        self._early_of: weakref.WeakKeyDictionary[socket.socket, _Early] = weakref.WeakKeyDictionary()
        self._listeners: dict[Any, weakref.ref[socket.socket]] = {}
        self._by_descriptor: dict[int, weakref.ref[socket.socket]] = {}
        self._seen: dict[int, int] = {}
        self._real: dict[int, int] = {}

    # ---- addresses

    def seen(self, address: Any) -> Any:
        """An address as the program is told it."""
        return _with_port(address, self._seen)

    def real(self, address: Any) -> Any:
        """An address as the kernel knows it."""
        return _with_port(address, self._real)

    def chosen(self, sock: socket.socket) -> None:
        """The kernel has chosen this socket's port."""
        address = _name(sock)
        if isinstance(address, tuple) and address[1] not in self._seen:
            number = FIRST_PORT + len(self._seen)
            self._seen[address[1]] = number
            self._real[number] = address[1]

    # ---- beginnings

    def made(self, sock: socket.socket) -> None:
        """Before it is connected: buffers and delays that leave nothing to the kernel's mood."""
        if FOLLOWS and is_stream(sock):
            for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                sock.setsockopt(socket.SOL_SOCKET, option, KERNEL_BUFFER_BYTES)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def listens(self, sock: socket.socket) -> None:
        """It takes connections from now on."""
        if FOLLOWS and is_stream(sock):
            self._listeners[_name(sock)] = weakref.ref(sock)

    def connecting(self, sock: socket.socket) -> None:
        """Its connection was begun: wait until it stands, or has failed."""
        self.chosen(sock)
        if not (FOLLOWS and is_stream(sock)):
            self._doubt()
            return
        self._wait(lambda: state(sock) & (_OUT | _BROKEN))
        if state(sock) & _BROKEN or not state(sock) & _OUT:
            return
        link = (_name(sock), _C.getpeername(sock))
        early = self._early[link] = _Early(sock)
        self._early_of[sock] = early
        self._follow(sock)
        listener = self._alive(self._listeners.get(link[1]))
        if listener is not None:
            self._wait(lambda: state(listener) & _IN)

    def accepted(self, connection: socket.socket) -> None:
        """It came out of a listener's queue: whose other end is it, and has all arrived that was sent before?"""
        if not (FOLLOWS and is_stream(connection)):
            return
        self._follow(connection)
        try:
            link = (_C.getpeername(connection), _name(connection))
        except OSError:  # the client has reset it
            return
        early = self._early.pop(link, None)
        if early is None:
            return
        client = early.client()
        if client is not None:
            self._peers[connection] = weakref.ref(client)
            self._peers[client] = weakref.ref(connection)
            self._early_of.pop(client, None)
        self._wait(lambda: unread(connection) >= early.sent or state(connection) & _BROKEN)
        if early.ended:
            self._wait(lambda: state(connection) & _ENDED)

    # ---- bytes

    def room(self, sock: socket.socket) -> int | None:
        """How much a `send` takes now; None when that is the kernel's to say."""
        early = self._early_of.get(sock)
        if early is not None:
            taken = early.sent
        elif sock in self._peers:
            peer = self._alive(self._peers[sock])
            taken = 0 if peer is None else unread(peer)
        else:
            return None
        return WINDOW_BYTES if state(sock) & _BROKEN else max(0, WINDOW_BYTES - taken)

    def full(self, descriptor: int) -> bool:
        """Whether a socket that the kernel would call writable is not."""
        sock = self._alive(self._by_descriptor.get(descriptor))
        return sock is not None and sock.fileno() == descriptor and self.room(sock) == 0

    def send(self, sock: socket.socket, data: Any, send: Callable[[Any], int]) -> int:
        """Give the kernel what there is room for, and see it arrive. Raises BlockingIOError, as the kernel does."""
        room = self.room(sock)
        if room is None:
            if sock.family != getattr(socket, "AF_UNIX", None):  # those are delivered within the call
                self._doubt()
            return send(data)
        view = memoryview(data).cast("B")
        if not len(view):
            return send(view)
        if not room:
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        peer = self._alive(self._peers.get(sock))
        before = 0 if peer is None else unread(peer)
        sent = self._send_all(sock, view[:room], send)
        early = self._early_of.get(sock)
        if early is not None:
            early.sent += sent
        elif peer is None:
            self._wait(lambda: state(sock) & _BROKEN)  # nobody is there to read it: it comes back as a reset
        else:
            self._wait(lambda: unread(peer) >= before + sent or state(peer) & _BROKEN)
            if peer.fileno() >= 0:
                peer.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)  # type: ignore[arg-type]  # there where FOLLOWS
        return sent

    def _send_all(self, sock: socket.socket, part: memoryview, send: Callable[[Any], int]) -> int:
        """The kernel takes all of it, if it takes any: when it has no room itself, it will have."""
        sent = 0
        while sent < len(part):
            try:
                sent += send(part[sent:])
            except BlockingIOError:
                if not self._wait(lambda: state(sock) & _OUT):
                    break
            except OSError:
                if not sent:
                    raise
                break
        return sent

    # ---- ends

    def ends(self, sock: socket.socket, end: Callable[[], Any], *, closes: bool) -> Any:
        """Call `end`, and see what follows at the other end."""
        if not FOLLOWS or sock.fileno() < 0:
            self._doubt()
            return end()
        peer, early = self._alive(self._peers.get(sock)), self._early_of.get(sock)
        queued = self._queued_at(sock) if closes else []
        reset = closes and (peer is not None or early is not None) and _resets(sock)
        if closes:
            self._by_descriptor.pop(sock.fileno(), None)
        result = end()
        if early is not None:
            early.ended = True
        if peer is not None:
            shows = _BROKEN if reset else _ENDED
            self._wait(lambda: peer.fileno() < 0 or state(peer) & shows)
        for client in queued:
            self._wait(lambda client=client: client.fileno() < 0 or state(client) & _BROKEN)  # type: ignore[misc]  # bound early
        return result

    def _queued_at(self, sock: socket.socket) -> list[socket.socket]:
        """The clients that nobody will accept when this listener closes."""
        name = _name(sock)
        if self._alive(self._listeners.get(name)) is not sock:
            return []
        del self._listeners[name]
        links = [link for link in self._early if link[1] == name]
        clients = [self._early.pop(link).client() for link in links]
        return [client for client in clients if client is not None and client.fileno() >= 0]

    def abandon(self) -> None:
        """Close what the program has left open."""
        for found in (*self._by_descriptor.values(), *self._listeners.values()):
            sock = found()
            if sock is not None and sock.fileno() >= 0:
                _C.close(sock)

    # ---- inside

    def _follow(self, sock: socket.socket) -> None:
        descriptor = sock.fileno()

        def dropped(found: "weakref.ref[socket.socket]") -> None:
            if self._by_descriptor.get(descriptor) is found:  # nobody closed it; its end does
                del self._by_descriptor[descriptor]
                self._doubt()

        self._by_descriptor[descriptor] = weakref.ref(sock, dropped)

    def _doubt(self) -> None:
        self.unsure = self.doubted = True

    @staticmethod
    def _alive(found: "weakref.ref[socket.socket] | None") -> socket.socket | None:
        sock = found() if found is not None else None
        return sock if sock is not None and sock.fileno() >= 0 else None

    def _wait(self, arrived: Callable[[], Any]) -> bool:
        """Wait in real time. False, and unsure, when it takes too long."""
        for look in range(LOOKS_AT_ONCE + int(PATIENCE_S / LOOK_PERIOD_S)):
            if arrived():
                return True
            if look >= LOOKS_AT_ONCE:
                originals.sleep(LOOK_PERIOD_S)
        self._doubt()
        return False


def is_stream(sock: socket.socket) -> bool:
    """Whether it is one end of a TCP connection, or may become one."""
    return sock.family in (socket.AF_INET, socket.AF_INET6) and sock.type == socket.SOCK_STREAM


def state(sock: socket.socket) -> int:
    """What the kernel says of it now, as bits of `poll`; broken when it is closed."""
    descriptor = sock.fileno()
    if descriptor < 0:
        return _BROKEN
    poller = _poll()
    poller.register(descriptor, _IN | _OUT | _ENDED)
    found = poller.poll(0)
    return found[0][1] if found else 0


def unread(sock: socket.socket) -> int:
    """How many bytes it has received that nobody has read."""
    if sock.fileno() < 0:
        return 0
    count = array.array("i", [0])
    fcntl.ioctl(sock.fileno(), termios.FIONREAD, count)
    return count[0]


def _resets(sock: socket.socket) -> bool:
    """Whether closing it resets the connection: bytes are unread, or it is told not to linger."""
    on, seconds = array.array("i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8))
    return unread(sock) > 0 or (on != 0 and seconds == 0)


def _name(sock: socket.socket) -> Any:
    return _C.getsockname(sock)


def _with_port(address: Any, ports: dict[int, int]) -> Any:
    if isinstance(address, tuple) and len(address) >= 2 and address[1] in ports:
        return (address[0], ports[address[1]], *address[2:])
    return address


current = Loopback()
"""The connections of the schedule under way."""


def restart() -> None:
    """End all of them: another schedule begins in this process."""
    global current  # noqa: PLW0603  # one schedule at a time
    current.abandon()
    current = Loopback()
