"""Looking at a process from outside: standstill is claimed when it is a fact, and never else."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from threadmarks.sandbox import observe
from threadmarks.sandbox.observe import Waiting

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")

READY = "import os, signal, threading, time; os.write(1, b'r');"
NET_S = 20.0  # a net only: what is waited for needs milliseconds


@contextlib.contextmanager
def running(program: str, *, line: socket.socket | None = None) -> Iterator[int]:
    """A Python process that has begun with `program`; gives its process id."""
    descriptors = (line.fileno(),) if line else ()
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", READY + program], stdout=subprocess.PIPE, pass_fds=descriptors
    )
    try:
        assert process.stdout is not None
        assert process.stdout.read(1) == b"r"
        yield process.pid
    finally:
        process.kill()
        process.communicate()


def stands_still(pid: int, line: int = -1, looks: int = 20) -> bool:
    """Whether two looks in a row show that nobody can move; a process may need a moment to come to its wait."""
    before = None
    for _ in range(looks):
        look = observe.look(pid, line)
        assert look is not None
        if look.still_since(before):
            return True
        before = look
        time.sleep(0.02)
    return False


LOCKED = "lock = threading.Lock(); lock.acquire();"


def test_threads_that_wait_for_each_other_without_end_stand_still() -> None:
    """Main and two threads on one lock: nobody will ever come."""
    with running(LOCKED + "[threading.Thread(target=lock.acquire).start() for _ in range(2)]; lock.acquire()") as pid:
        assert stands_still(pid)
        look = observe.look(pid, -1)
        assert look is not None
        assert [task.waiting for task in look.tasks.values()] == [Waiting.OWN_PROCESS] * 3


@pytest.mark.parametrize(
    "program",
    [
        LOCKED + "lock.acquire(timeout=1000)",
        "time.sleep(1000)",
        "threading.Event().wait(1000)",
        "exec('while True: pass')",
        "os.read(os.pipe()[0], 1)",
        LOCKED + "threading.Thread(target=time.sleep, args=(1000,)).start(); lock.acquire()",
        LOCKED + "signal.signal(signal.SIGALRM, print); lock.acquire()",
        LOCKED + "signal.signal(signal.SIGALRM, print); signal.setitimer(signal.ITIMER_REAL, 1000); lock.acquire()",
        "exec('while True: time.sleep(0.001)')",
    ],
)
def test_who_may_go_on_by_himself_never_stands_still(program: str) -> None:
    """A limit of time, work, a handler for an alarm, a descriptor that is not the line: nothing is claimed."""
    with running(program) as pid:
        assert not stands_still(pid)


def test_a_thread_that_waits_for_the_judge_is_known_by_its_read() -> None:
    """Only on the line's own descriptor."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs, running(f"os.read({theirs.fileno()}, 10); exec('while True: pass')", line=theirs) as pid:
        assert stands_still(pid, theirs.fileno())
        look = observe.look(pid, theirs.fileno())
        assert look is not None
        assert look.tasks[pid].waiting is Waiting.LINE
        ours.send(b"go")
        assert not stands_still(pid, theirs.fileno())


def test_a_wake_up_between_two_looks_shows() -> None:
    """Both looks find it asleep, and still something has happened in between."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    line = theirs.fileno()
    with ours, theirs, running(f"exec('while True: os.read({line}, 10)')", line=theirs) as pid:
        assert stands_still(pid, line)
        first = observe.look(pid, line)
        ours.send(b"again")
        give_up = time.monotonic() + NET_S
        second = observe.look(pid, line)
        while (second is None or not second.resting or second == first) and time.monotonic() < give_up:
            second = observe.look(pid, line)
        assert first is not None
        assert second is not None
        assert first.resting
        assert second.resting
        assert not second.still_since(first)


def test_a_process_that_is_gone_cannot_be_seen() -> None:
    """No look is better than a look at another process."""
    process = subprocess.Popen([sys.executable, "-S", "-c", "pass"])
    process.wait()
    assert observe.look(process.pid, 4) is None


def test_what_may_not_be_read_is_not_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the right to trace there is no /proc/*/syscall."""
    monkeypatch.setattr(observe.platform, "machine", lambda: "riscv64")
    look = observe.look(os.getpid(), 4)
    assert look is not None
    assert not look.resting


def test_processor_time_grows_with_work_and_not_with_waiting() -> None:
    """What it is compared for: a span of work shows, a span of waiting does not."""
    with running("signal.pause()") as idle, running("sum(iter(int, 1))") as busy:
        assert sleeps(idle)
        before = observe.processor_s(idle), observe.processor_s(busy)
        while observe.processor_s(busy) == before[1]:
            time.sleep(0.01)
        assert observe.processor_s(idle) == before[0]


def test_processor_time_of_a_process_that_is_gone_is_not_told() -> None:
    """None, and no error: it may end between two looks."""
    with running("signal.pause()") as pid:
        pass
    assert observe.processor_s(pid) is None


def sleeps(pid: int) -> bool:
    """Whether its only thread comes to rest."""
    for _ in range(200):
        if Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] == b"S":
            return True
        time.sleep(0.02)
    return False
