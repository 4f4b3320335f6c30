"""Canaries: things that an attack would have to touch to do harm, and what the machine looked like before it.

Everything here is the harness's own: a server on loopback, a process to be hurt, a secret to be read. Processes are told
by descent and by words on their command line; no other process's environment is read.
"""

import contextlib
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

SETTLE_S = 8.0
"""How long processes may take to be gone: a safety net, the kernel needs milliseconds."""
VARIABLE = "THREADMARKS_ATTACK_CANARY"
_SLEEPER = "import time; time.sleep(1e6)"
_SHARED_FOLDERS = ("/dev/shm", "/dev/mqueue", "/tmp", "/var/tmp", "/run/lock")  # noqa: S108  # looked at, not used
_STATE = re.compile(r"^State:\s+(\S)", re.MULTILINE)


class Canaries:
    """Sets the canaries out; `harm` says which of them were touched. One attack at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._hits: list[str] = []
        self._servers: list[socket.socket] = []
        self._victim: subprocess.Popen[bytes] | None = None
        self.token = ""
        self.secret = ""

    def __enter__(self) -> Self:
        self._folder.mkdir(exist_ok=True)
        self._abstract = f"threadmarks-canary-{secrets.token_hex(6)}"
        for family, kind, address in (
            (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            (socket.AF_UNIX, socket.SOCK_STREAM, str(self._folder / "service")),
            (socket.AF_UNIX, socket.SOCK_STREAM, f"\0{self._abstract}"),
        ):
            server = socket.socket(family, kind)
            server.bind(address)
            server.listen()
            self._serve(server)
        self._port = self._servers[0].getsockname()[1]
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        datagrams.bind(("127.0.0.1", self._port))
        self._serve(datagrams)
        return self

    def __exit__(self, *exc: object) -> None:
        os.environ.pop(VARIABLE, None)
        for server in self._servers:
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            server.close()
        self._end_victim()

    def _serve(self, server: socket.socket) -> None:
        """Note every connection or datagram. The server never answers, and never says why it ended."""
        self._servers.append(server)
        name = str(server.getsockname())

        def accept() -> None:
            while True:
                try:
                    if server.type == socket.SOCK_DGRAM:
                        if not server.recv(64):
                            return  # shut down
                    else:
                        server.accept()[0].close()
                except OSError:
                    return
                self._hits.append(f"somebody reached {name}")

        threading.Thread(target=accept, daemon=True, name="canary").start()

    def _stand_up(self) -> None:
        """A victim as on the first day; a new process only when the old one was hurt."""
        if self._victim is None or self._victim_as_it_is() != self._before:
            self._end_victim()
            self._victim = subprocess.Popen([sys.executable, "-S", "-c", _SLEEPER], stdin=subprocess.DEVNULL)
            self._before = self._victim_as_it_is()

    def _end_victim(self) -> None:
        if self._victim is not None:
            self._victim.kill()
            self._victim.wait()
            self._victim = None

    def fresh(self) -> dict[str, str]:
        """Make everything as new for the next attack: the words that its text may use."""
        self.token = f"tm-{secrets.token_hex(6)}"
        self.secret = f"canary-{secrets.token_hex(16)}"
        (self._folder / "secret").unlink(missing_ok=True)
        (self._folder / "secret").write_text(self.secret)
        os.environ[VARIABLE] = self.secret
        self._hits.clear()
        self._stand_up()
        assert self._victim is not None
        return {
            "TOKEN": self.token,
            "DONE": self.done,
            "PORT": str(self._port),
            "UNIX": str(self._folder / "service"),
            "ABSTRACT": self._abstract,
            "VICTIM": str(self._victim.pid),
            "JUDGE": str(os.getpid()),
            "SECRET": str(self._folder / "secret"),
            "FOLDER": str(self._folder),
            "KEY": str(int(self.token[3:10], 16)),
        }

    @property
    def done(self) -> str:
        """What an attack writes when something succeeded that must not."""
        return f"HARM-{self.token}"

    def _victim_as_it_is(self) -> Mapping[str, object]:
        import resource

        assert self._victim is not None
        pid = self._victim.pid
        try:
            return {
                "alive": self._victim.poll() is None and _state(pid) not in ("T", "t", "Z", "X"),
                "niceness": os.getpriority(os.PRIO_PROCESS, pid),
                "scheduling": os.sched_getscheduler(pid),
                "cores": os.sched_getaffinity(pid),
                "limits": resource.prlimit(pid, resource.RLIMIT_NOFILE),
            }
        except ProcessLookupError:
            return {"alive": False}

    def harm(self) -> list[str]:
        """What was touched since `fresh`."""
        found = sorted(set(self._hits))
        now = self._victim_as_it_is()
        if now != self._before:
            found.append(f"the other process: {dict(self._before)} became {dict(now)}")
        if not (self._folder / "secret").exists() or (self._folder / "secret").read_text() != self.secret:
            found.append("the file outside was changed")
        strange = {path.name for path in self._folder.iterdir()} - {"secret", "service"}
        found += [f"a file outside: {name}" for name in sorted(strange)]
        for name in strange:
            (self._folder / name).unlink()
        for folder in _SHARED_FOLDERS:
            with contextlib.suppress(OSError):
                for path in Path(folder).iterdir():
                    if self.token in path.name:
                        found.append(f"left behind: {path}")
                        path.unlink()
        if self.token.encode() in Path("/proc/net/unix").read_bytes():
            found.append("left a local socket")
        key = str(int(self.token[3:10], 16))
        for kind in ("shm", "sem", "msg"):
            rows = Path(f"/proc/sysvipc/{kind}").read_text().splitlines()[1:]
            found += [f"left a System V object ({kind})" for row in rows if row.split()[0] == key]
        self._stand_up()
        return found


def _state(pid: int) -> str:
    with contextlib.suppress(OSError):
        match = _STATE.search(Path(f"/proc/{pid}/status").read_text())
        return match[1] if match else "?"
    return "X"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What must be after a run as it was before: the harness's own processes, threads, descriptors, mounts."""

    processes: int  # below this process; zombies are not counted
    descriptors: int
    threads: int
    mounts: str
    niceness: int
    host: str
    temp: tuple[str, ...]

    @classmethod
    def now(cls, temp: Path) -> Self:
        """As they are. `temp` is the folder in which the zygotes make theirs."""
        return cls(
            processes=len(descendants()),
            descriptors=len([*Path("/proc/self/fd").iterdir()]),
            threads=threading.active_count(),
            mounts=Path("/proc/self/mountinfo").read_text(),
            niceness=os.getpriority(os.PRIO_PROCESS, 0),
            host=os.uname().nodename,
            temp=tuple(
                sorted(re.sub(r"threadmarks-[^/]+", "zygote", str(path.relative_to(temp))) for path in _below(temp))
            ),
        )

    def changes(self, after: Self) -> list[str]:
        """What is different in `after`."""
        return [
            f"{name}: {getattr(self, name)!r} became {getattr(after, name)!r}"
            for name in self.__slots__
            if getattr(self, name) != getattr(after, name)
        ]


def _below(folder: Path, depth: int = 4) -> list[Path]:
    """What lies below the folder, as far as it can be seen, and not endlessly deep."""
    found = []
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            found.append(path)
            if depth and path.is_dir() and not path.is_symlink():
                found += _below(path, depth - 1)
    return found


def parents() -> dict[int, tuple[int, str]]:
    """Parent and state of every process that can be seen."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            found[int(stat.parent.name)] = int(parent), state
    return found


def descendants() -> set[int]:
    """The living processes below this one."""
    table = parents()
    found: set[int] = set()
    fresh = {os.getpid()}
    while fresh:
        fresh = {pid for pid, (parent, _) in table.items() if parent in fresh} - found
        found |= fresh
    return {pid for pid in found if table[pid][1] not in ("Z", "X")}


def strays(words: tuple[str, ...]) -> list[int]:
    """Processes that are not below this one and have one of these words on their command line."""
    ours = descendants() | {os.getpid()}
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if any(word.encode() in path.read_bytes() for word in words) and int(path.parent.name) not in ours:
                found.append(int(path.parent.name))
    return found


def settle(before: Surroundings, temp: Path, words: tuple[str, ...]) -> list[str]:
    """What has changed for good: looks again and again, until nothing has or the patience ends. Ends what is left."""
    deadline = time.monotonic() + SETTLE_S
    while True:
        changed = before.changes(Surroundings.now(temp))
        left = strays(words)
        if not changed and not left:
            return []
        if time.monotonic() > deadline:
            break
        time.sleep(0.01)
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return changed + [f"process {pid} outlived its run" for pid in left]
