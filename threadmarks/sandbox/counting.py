"""Counts the threads and processes that a run creates, from outside, exactly: the kernel's own count.

Nothing that a run's own process says or hides takes part. Linux only, standard library only.
"""

import contextlib
import fcntl
import os
import struct
from pathlib import Path


class PidCursor:
    """The last process id given out in this process's pid namespace: all that lives in there takes its ids from it.

    The last field of /proc/loadavg, which is the reader's own namespace's (proc_loadavg(5)). Ids of nested namespaces are
    counted too: each of their tasks has an id here as well.
    """

    def __init__(self) -> None:
        self._descriptor = os.open("/proc/loadavg", os.O_RDONLY | os.O_CLOEXEC)
        self._half = int(Path("/proc/sys/kernel/pid_max").read_text()) // 2

    def read(self) -> int:
        """The cursor."""
        return int(os.pread(self._descriptor, 200, 0).split()[-1])

    @property
    def worn(self) -> bool:
        """Whether the ids could start from the beginning within the next run; then differences would mean nothing."""
        return self.read() > self._half


class ThreadGate:
    """The listener of a system-call filter: each new thread waits here until it is let pass (seccomp_unotify(2))."""

    _RECEIVE, _SEND = 0xC0502100, 0xC0182101
    _NOTIFICATION_BYTES = 80
    _CONTINUE = 1

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.passed = 0

    def fileno(self) -> int:
        """Readable when a thread waits."""
        return self._descriptor

    def let_pass(self) -> None:
        """Count the thread that waits, and let it be created."""
        notification = bytearray(self._NOTIFICATION_BYTES)
        with contextlib.suppress(FileNotFoundError):  # its process was killed meanwhile
            fcntl.ioctl(self._descriptor, self._RECEIVE, notification)
            self.passed += 1
            answer = notification[:8] + struct.pack("qiI", 0, 0, self._CONTINUE)
            fcntl.ioctl(self._descriptor, self._SEND, answer)

    def close(self) -> None:
        """The run is over."""
        os.close(self._descriptor)
