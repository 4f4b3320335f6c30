"""The control channel between judge and zygote: kind, length, payload, and descriptors beside them.

A frame is one kind byte, four bytes of length (big-endian), the payload. Descriptors travel with the first byte.
Standard library only: both sides use it.
"""

import socket
import struct

RUN = b"R"  # judge to zygote: a request; write ends for the wire and for stray output, and perhaps the witness's line
STARTED = b"S"  # zygote to judge: the run begins; its first process as a pidfd
KILL = b"K"  # judge to zygote: end the run that is going on
HELLO = b"H"  # zygote to judge, once
REFUSED = b"X"  # zygote to judge, instead of a hello: it cannot hold runs as it was told to; the reason
DONE = b"D"  # zygote to judge: a run has ended, and nothing of it is left

ENGINE_FAILED = 97
"""The exit code of a runner whose engine raised; its traceback is in the stray output."""

_HEADER = struct.Struct("!cI")


def send(channel: socket.socket, kind: bytes, payload: bytes = b"", descriptors: tuple[int, ...] = ()) -> None:
    """Send one frame. Raises OSError when the other side is gone."""
    data = _HEADER.pack(kind, len(payload)) + payload
    sent = socket.send_fds(channel, [data], list(descriptors)) if descriptors else 0
    channel.sendall(memoryview(data)[sent:])


def receive(channel: socket.socket, descriptors: int = 0) -> tuple[bytes, bytes, list[int]] | None:
    """The next frame and its descriptors (at most `descriptors`); None when the other side has closed."""
    received: list[int] = []
    if descriptors:
        header, received, _, _ = socket.recv_fds(channel, _HEADER.size, descriptors)
    else:
        header = channel.recv(_HEADER.size)
    if not header:
        return None
    header += _exactly(channel, _HEADER.size - len(header))
    kind, length = _HEADER.unpack(header)
    return kind, _exactly(channel, length), received


def _exactly(channel: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        part = channel.recv(min(count - len(data), 1 << 18))
        if not part:
            raise EOFError("the other side closed in the middle of a frame")
        data += part
    return bytes(data)
