"""What the filtered rungs refuse, what they leave, and what they count. Each program runs for real, in a real runner."""

import os
import platform
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.conftest import FAKE, Play, need, request_for
from threadmarks import wire
from threadmarks.sandbox.collecting import Collector, RawRun
from threadmarks.sandbox.counting import PidCursor
from threadmarks.sandbox.host import Host
from threadmarks.sandbox.ladder import Rung

FILTERED = (Rung.FULL, Rung.NO_USER_NAMESPACE)


@pytest.fixture(scope="module", params=FILTERED)
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    """A host on each of the two rungs with a filter."""
    need(request.param)
    with Host(1, entry=FAKE, rung=request.param) as running:
        running.run(request_for("pass"))
        yield running


@pytest.fixture(scope="module")
def full() -> Iterator[Host]:
    """A host on the full rung."""
    need(Rung.FULL)
    with Host(1, entry=FAKE, rung=Rung.FULL) as running:
        running.run(request_for("pass"))
        yield running


REFUSED = {
    "fork": "os.fork()",
    "another program in its place": "os.execv('/bin/true', ['true'])",
    "another program beside it": "os.posix_spawn('/bin/true', ['true'], {})",
    "a shell": "__import__('subprocess').run(['true'])",
    "an internet socket": "socket.socket()",
    "a local socket": "socket.socket(socket.AF_UNIX)",
    "a raw packet socket": "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    "a signal to another process": "os.kill(2, 0)",
    "a signal to everybody": "os.kill(-1, 0)",
    "a signal to its group": "os.killpg(0, 0)",
    "a higher priority": "os.setpriority(os.PRIO_PROCESS, 0, -1)",
    "a lower priority": "os.nice(1)",
    "a processor of its own": "os.sched_setaffinity(0, {0})",
    "another scheduler": "os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))",
    "another user": "os.setuid(0)",
    "another root": "os.chroot('.')",
    "a device": "os.mknod('device', 0o600 | 0o020000, os.makedev(1, 3))",
    "a pipe with a name": "os.mkfifo('fifo')",
    "the user file": "open('/etc/passwd').read()",
    "its own memory as a file": "open('/proc/self/mem', 'rb').read(1)",
    "its own environment as a file": "open('/proc/self/environ', 'rb').read()",
    "the list of processes": "os.listdir('/proc')",
    "a file in a library's folder": "open(os.path.join(os.path.dirname(os.__file__), 'os.py'), 'a')",
    "a file in the file system's root": "open('/left', 'w')",
    "a program in its folder": "open('p', 'w').write('#!/bin/sh'); os.chmod('p', 0o700); os.execv('p', ['p'])",
    "a handle to a process": "os.pidfd_open(os.getppid() or 2)",
    "memory as a file": "os.memfd_create('m')",
    "a shared memory segment": "failing(libc.shmget(0, 4096, 0o1600))",
    "a message queue": "failing(libc.msgget(0, 0o1600))",
    "a semaphore set": "failing(libc.semget(0, 1, 0o1600))",
    "new namespaces": "failing(libc.unshare(0x10000000))",
    "a mount": "failing(libc.mount(b'none', b'.', b'tmpfs', 0, None))",
    "tracing": "failing(libc.ptrace(0, 0, 0, 0))",
    "another process's memory": "failing(libc.process_vm_readv(1, None, 0, None, 0, 0))",
    "its own dumpability": "failing(libc.prctl(4, 0, 0, 0, 0))",
    "its parent's death signal": "failing(libc.prctl(1, 0, 0, 0, 0))",
    "characters into a terminal": "failing(libc.ioctl(0, 0x5412, b'x'))",
    "another process's limits": "failing(libc.prlimit(2, 0, None, None))",
    "another personality": "failing(libc.personality(0))",
    "a keyring": "failing(libc.syscall(ctypes.c_long(KEYCTL), 0, -3, 0))",
    "an io_uring": "failing(libc.syscall(ctypes.c_long(425), 1, None))",
    "a BPF program": "failing(libc.syscall(ctypes.c_long(BPF), 0, None, 0))",
    "performance counters": "failing(libc.syscall(ctypes.c_long(PERF), None, 0, -1, -1, 0))",
    "page faults of its own": "failing(libc.syscall(ctypes.c_long(FAULTS), 0))",
    "a second filter": "failing(libc.syscall(ctypes.c_long(SECCOMP), 1, 0, None))",
    "clone3, whose flags no filter sees": "failing(libc.syscall(ctypes.c_long(435), None, 0))",
    "a call that is younger than the table": "failing(libc.syscall(ctypes.c_long(900), 0))",
    "the 32-bit variant of a call": "failing(libc.syscall(ctypes.c_long(0x40000000 + 41), 1, 1, 0))",
}
NUMBERS = {
    "x86_64": {"KEYCTL": 250, "BPF": 321, "PERF": 298, "FAULTS": 323, "SECCOMP": 317},
    "aarch64": {"KEYCTL": 219, "BPF": 280, "PERF": 241, "FAULTS": 282, "SECCOMP": 277},
}
ATTEMPT = """
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def failing(result):
    if result == -1:
        raise OSError(ctypes.get_errno(), "refused")
try:
    {what}
except OSError as error:
    os.write(WIRE, b"refused %d" % error.errno)
else:
    os.write(WIRE, b"done")
"""


@pytest.mark.parametrize("what", REFUSED)
def test_a_run_cannot_have(play: Play, what: str) -> None:
    """Every way out, tried."""
    numbers = NUMBERS[platform.machine()]
    program = "\n".join(f"{name} = {number}" for name, number in numbers.items())
    run = play(program + ATTEMPT.format(what=REFUSED[what]))
    assert run.wire.startswith(b"refused "), (run.wire, run.stray)
    assert (run.exit_code, run.orphans) == (0, 0)


MODES_AND_TIMES = {
    "a mode": "os.chmod(path, 0o666)",
    "a mode by a descriptor": "os.fchmod(os.open(path, os.O_RDONLY), 0o666)",
    "a mode in a folder": "os.chmod(os.path.basename(path), 0o666, dir_fd=os.open(os.path.dirname(path), os.O_RDONLY))",
    "a mode by its youngest call": "failing(libc.syscall(ctypes.c_long(452), -100, path.encode(), 0o666, 0))",
    "times": "os.utime(path, (1, 1))",
    "times by a descriptor": "os.utime(os.open(path, os.O_RDONLY), (1, 1))",
    "times by the old call": "failing(libc.utimes(path.encode(), None))",
    "times by the oldest call": "failing(libc.utime(path.encode(), None))",
    "an owner": "os.chown(path, os.getuid(), -1)",
    "an attribute": "os.setxattr(path, 'user.x', b'x')",
}


@pytest.mark.parametrize("what", MODES_AND_TIMES)
def test_without_a_view_no_mode_and_no_time_of_a_file_can_be_changed(what: str) -> None:
    """Landlock does not watch these calls, and files of the same user lie all around. Its own one may be named, to see the filter at work."""
    need(Rung.NO_USER_NAMESPACE)
    program = "path = __import__('os').path.abspath('own')\nopen(path, 'w').close()\n"
    with Host(1, entry=FAKE, rung=Rung.NO_USER_NAMESPACE) as host:
        run = host.run(request_for(program + ATTEMPT.format(what=MODES_AND_TIMES[what])))
    assert run.wire.startswith(b"refused 1"), (run.wire, run.stray)


LEFT = {
    "threads": "[t.start() or t.join() for t in [threading.Thread(target=int) for _ in range(5)]]",
    "files in its folder": "open('a', 'w').write('x'); os.rename('a', 'b'); os.mkdir('d'); os.link('b', 'd/c'); os.remove('d/c')",
    "temporary files": "tempfile.TemporaryFile().write(b'x'); tempfile.mkdtemp()",
    "a pair of sockets": "a, b = socket.socketpair(); a.send(b'x'); assert b.recv(1) == b'x'",
    "an event loop": "asyncio.run(asyncio.sleep(0.001))",
    "random bytes": "os.urandom(8); open('/dev/urandom', 'rb').read(8)",
    "its processors": "os.cpu_count(); os.sched_getaffinity(0)",
    "a signal to itself": "signal.signal(signal.SIGUSR1, lambda *_: None); os.kill(os.getpid(), signal.SIGUSR1)",
    "sub-processes of none": "os.waitstatus_to_exitcode(0)",
    "time zones": "__import__('time').localtime()",
    "a copied file": "open('a', 'w').write('x'); __import__('shutil').copyfile('a', 'b')",
}


@pytest.mark.parametrize("what", LEFT)
def test_a_run_still_has(play: Play, what: str) -> None:
    """A filter that breaks honest programs would be switched off."""
    imports = "import asyncio, os, signal, socket, tempfile, threading\n"
    run = play(f"{imports}{LEFT[what]}\nos.write(WIRE, b'done')")
    assert (run.wire, run.stray.decode()) == (b"done", "")


def test_every_module_of_the_standard_library_that_loads_outside_loads_inside(play: Play) -> None:
    """The view must hold what Python needs, also what is loaded late."""
    program = """
import importlib, os, sys, warnings
warnings.simplefilter("ignore")
sys.stdout = open(os.devnull, "w")
def loads(name):
    try:
        importlib.import_module(name)
    except BaseException:
        return False
    return True
names = [n for n in sys.stdlib_module_names if n not in ("antigravity", "this", "idlelib", "__main__") and not n.startswith("_test")]
answer = " ".join(sorted(n for n in names if not loads(n)))
"""
    outside: dict[str, str] = {}
    code = compile(program, "modules.py", "exec")
    child_reads, child_writes = os.pipe()
    child = os.fork()  # what the imports do to a process must not be done to the tests'
    if child == 0:
        exec(code, outside)
        os.write(child_writes, outside["answer"].encode())
        os._exit(0)
    os.close(child_writes)
    with os.fdopen(child_reads) as answer:
        expected = answer.read()
    os.waitpid(child, 0)
    run = play(program + "os.write(WIRE, answer.encode())", cpu_s=60, wall_s=120.0)
    assert set(run.wire.decode().split()) <= set(expected.split())


@pytest.mark.parametrize("threads", [0, 1, 7, 200])
def test_threads_are_counted_by_the_kernel(play: Play, threads: int) -> None:
    """Also those that have ended, and those that no module of Python's has heard of."""
    program = f"""
import _thread, ctypes, threading, time
for number in range({threads}):
    if number % 2:
        _thread.start_new_thread(int, ())
    else:
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()
time.sleep(0.01)
"""
    assert play(program).tasks == threads


def test_threads_are_counted_when_the_run_is_killed(play: Play) -> None:
    """What ends a run may not hide what it did."""
    program = "import threading, time\n[threading.Thread(target=time.sleep, args=(999,)).start() for _ in range(5)]\ntime.sleep(999)"
    run = play(program, wall_s=1.0)
    assert (run.tasks, run.exit_code) == (5, -signal.SIGKILL)


def test_a_refused_fork_is_no_task(play: Play) -> None:
    """Only what came to be is counted."""
    program = "import os\nfor _ in range(5):\n    try:\n        os.fork()\n    except OSError:\n        pass"
    assert play(program).tasks == 0


# The full rung alone.


def test_a_run_is_process_1_of_a_world_without_users(full: Host) -> None:
    """Nothing outside has a number that it could use."""
    run = full.run(request_for("import os\nos.write(WIRE, repr([os.getpid(), os.getppid(), os.getuid()]).encode())"))
    assert run.wire == b"[1, 0, 1000]"


def test_modes_and_times_may_be_changed_where_all_files_are_a_run_s_own(full: Host) -> None:
    """A copy takes both along."""
    program = "import os, shutil\nopen('a', 'w').write('x')\nshutil.copy2('a', 'b')\nos.chmod('b', 0)\nos.write(WIRE, b'done')"
    assert full.run(request_for(program)).wire == b"done"


def test_named_semaphores_live_in_the_run_s_own_folder(full: Host) -> None:
    """`multiprocessing.pool.ThreadPool` makes some. Below this rung they would be everybody's, and are refused."""
    program = "import multiprocessing.pool as p, os\nos.write(WIRE, repr(p.ThreadPool(2).map(abs, [-1])).encode())"
    assert full.run(request_for(program)).wire == b"[1]"


def test_installed_packages_and_the_kit_cannot_be_seen(full: Host) -> None:
    """A library's folder may hold the kit, with everything that students must not read."""
    program = """
import os
library = os.path.dirname(os.__file__)
seen = [path for path, folders, files in os.walk(library) if path.endswith("-packages") and (folders or files)]
kit = [path for path, folders, files in os.walk("/") if "threadmarks" in path or "graders" in folders]
os.write(WIRE, repr([seen, kit]).encode())
"""
    assert full.run(request_for(program)).wire == b"[[], []]"


def test_nothing_in_memory_names_the_folder_of_the_kit(full: Host) -> None:
    """Modules, code objects, arguments, caches: whatever can be reached without a pointer."""
    root = str(Path(__file__).parents[2])
    program = f"""
import gc, os, sys
own = sys._getframe().f_code
found = []
for thing in gc.get_objects():
    for item in gc.get_referents(thing):
        if isinstance(item, str) and {root[:-1]!r} + {root[-1]!r} in item and item not in own.co_consts:
            found.append((type(thing).__name__, item))
os.write(WIRE, repr(found[:5]).encode())
"""
    request = request_for(program)
    run = full.run(request)
    found = [name for name in eval(run.wire.decode()) if "import gc, os, sys" not in name[1]]  # noqa: S307  # our own text
    assert found == []


def test_the_network_is_a_loopback_of_its_own_and_only_where_it_is_asked_for(full: Host) -> None:
    """An exercise about sockets needs some; nothing outside may be reached from it, nor the other way round."""
    program = """
import os, socket
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
client.send(b"inside ")
os.write(WIRE, listener.accept()[0].recv(7))
try:
    socket.create_connection(("192.0.2.1", 80), timeout=5)
except OSError as error:
    os.write(WIRE, b"unreachable" if error.errno == 101 else str(error).encode())
"""
    request = request_for(program)
    allowed = wire.RunRequest(
        **{name: getattr(request, name) for name in request.__struct_fields__ if name != "network"}, network=True
    )
    assert full.run(allowed).wire == b"inside unreachable"
    assert b"PermissionError" in full.run(request).stray


def test_mounts_of_the_machine_are_as_before(full: Host) -> None:
    """The view is in the zygote's own namespace."""
    before = Path("/proc/self/mountinfo").read_text()
    full.run(request_for("pass"))
    assert Path("/proc/self/mountinfo").read_text() == before


def _descendants(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for parent in found:
        listing = Path(f"/proc/{parent}/task/{parent}/children")
        found += [int(word) for word in listing.read_text().split()] if listing.exists() else []
    return found


@pytest.mark.parametrize("place", [0, 1, 2, 3], ids=["outermost", "supervisor", "template", "spare"])
def test_whichever_process_of_a_zygote_is_killed_the_next_run_is_served(place: int) -> None:
    """The system may kill for want of memory; that is nobody's mistake, and nothing may be left behind."""
    need(Rung.FULL)
    with Host(1, entry=FAKE, rung=Rung.FULL) as host:
        host.run(request_for("pass"))
        family = _descendants(host._all[0].pid)
        assert len(family) == 4
        os.kill(family[place], signal.SIGKILL)
        assert host.run(request_for("import os\nos.write(WIRE, b'served')")).wire == b"served"
        deadline = time.monotonic() + 30
        new = _descendants(host._all[0].pid)
        while any(Path(f"/proc/{pid}").exists() for pid in family if pid not in new) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not [pid for pid in family if pid not in new and Path(f"/proc/{pid}").exists()]


def test_a_zygote_that_is_worn_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the last process id the kernel begins anew, and a difference would count nothing."""
    need(Rung.FULL)
    collect = Collector.collect

    def worn(collector: Collector) -> RawRun:
        run = collect(collector)
        assert not collector.worn
        collector.worn = True
        return run

    with Host(1, entry=FAKE, rung=Rung.FULL) as host:
        host.run(request_for("pass"))
        first = host._all[0].pid
        monkeypatch.setattr(Collector, "collect", worn)
        host.run(request_for("pass"))
        monkeypatch.undo()
        assert host.run(request_for("import os\nos.write(WIRE, b'served')")).wire == b"served"
        assert host._all[0].pid not in (0, first)


def test_the_cursor_is_worn_beyond_half_of_the_ids() -> None:
    """A run may then take all of the other half."""
    cursor = PidCursor()
    cursor._half = cursor.read() - 1
    assert cursor.worn
    cursor._half = cursor.read() + 10_000
    assert not cursor.worn
