"""The plain rung: a process started for each run, also where everything that a zygote stands on is missing.

Run on Linux only. What stands for other systems is Linux with names and modules taken away, in the judge and in the runner.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.conftest import FAKE, request_for
from threadmarks import wire
from threadmarks.errors import SandboxError
from threadmarks.sandbox import host as hosts
from threadmarks.sandbox import saferead
from threadmarks.sandbox.host import Cancellation, Host, Rung, Stop, Witness

ROOT = Path(__file__).parents[2]
LOST_S = 60.0
"""A safety net, for waits that end at once unless something is broken."""


@pytest.fixture
def host() -> Iterator[Host]:
    """A host on the plain rung, without the engine."""
    with Host(1, entry=FAKE, rung=Rung.PLAIN) as running:
        yield running


def test_a_run_gives_its_wire_and_its_stray_output(host: Host) -> None:
    """The wire is a descriptor of its own; what a program prints does not reach it."""
    raw = host.run(request_for("import os\nos.write(WIRE, b'told')\nos.write(1, b'out')\nos.write(2, b'err')"))
    assert (raw.wire, raw.stray, raw.stray_total, raw.exit_code, raw.stop) == (b"told", b"outerr", 6, 0, Stop.ITSELF)
    assert host.rung is Rung.PLAIN


def test_each_run_has_a_process_and_a_folder_of_its_own(host: Host) -> None:
    """And both are gone afterwards."""
    source = "import os\nopen('left', 'w').close()\nos.write(WIRE, f'{os.getpid()} {os.getcwd()}'.encode())"
    told = [host.run(request_for(source)).wire.decode().split(" ", 1) for _ in range(3)]
    assert len({pid for pid, _ in told}) == 3
    for pid, folder in told:
        assert not Path(folder).exists()
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)


def test_nothing_of_the_judges_is_in_the_runner(host: Host) -> None:
    """No environment, no path to the kit, no input."""
    source = "import os, sys\nos.write(WIRE, repr((sorted(os.environ), sys.path, sys.argv, os.read(0, 1))).encode())"
    told = host.run(request_for(source)).wire.decode()
    assert "PATH" in told
    assert "THREADMARKS" not in told
    assert str(ROOT) not in told
    assert told.endswith("b'')")


@pytest.mark.parametrize(
    ("source", "stop"),
    [
        ("while True: pass", Stop.DEADLINE),
        ("import os\nwhile True: os.write(WIRE, b'x' * 65536)", Stop.WIRE_FLOOD),
        ("import os\nwhile True: os.write(2, b'x' * 65536)", Stop.OUTPUT_FLOOD),
    ],
    ids=["endless", "a flood on the wire", "a flood of output"],
)
def test_a_limit_ends_a_run(host: Host, monkeypatch: pytest.MonkeyPatch, source: str, stop: Stop) -> None:
    """Time and bytes are the judge's to count here."""
    monkeypatch.setattr("threadmarks.sandbox.plain.WIRE_LIMIT_BYTES", 1 << 20)
    monkeypatch.setattr("threadmarks.sandbox.plain.STRAY_LIMIT_BYTES", 1 << 20)
    limits = wire.Limits(wall_s=0.5 if stop is Stop.DEADLINE else LOST_S)
    raw = host.run(request_for(source, limits))
    assert raw.stop is stop
    assert raw.exit_code != 0
    assert len(raw.wire) <= (1 << 20) + (1 << 16)
    assert len(raw.stray) <= limits.output_bytes


def test_a_run_is_cancelled(host: Host) -> None:
    """From another thread, in the middle of it."""
    cancellation = Cancellation()
    threading.Timer(0.3, cancellation.cancel).start()
    try:
        raw = host.run(request_for("while True: pass", wire.Limits(wall_s=LOST_S)), cancellation)
    finally:
        cancellation.close()
    assert raw.stop is Stop.CANCELLED


def test_what_a_run_leaves_in_its_group_is_killed(host: Host) -> None:
    """It holds the pipes; nobody waits for it."""
    source = """
import os, time
child = os.fork()
if child == 0:
    time.sleep(600)
os.write(WIRE, str(child).encode())
"""
    raw = host.run(request_for(source))
    child, end = int(raw.wire), time.monotonic() + LOST_S
    while _alive(child):
        assert time.monotonic() < end
        time.sleep(0.01)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_process_ahead_that_was_lost_is_replaced(host: Host) -> None:
    """A run that has not begun costs nobody anything."""
    host.run(request_for("pass"))
    os.kill(host._all[0].pid, 9)
    assert host.run(request_for("import os\nos.write(WIRE, b'told')")).wire == b"told"


def test_a_stopped_host_leaves_no_process_and_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that was kept ahead ends too."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Host(1, entry=FAKE, rung=Rung.PLAIN) as running:
        running.run(request_for("pass"))
        ahead = running._all[0].pid
        assert list(tmp_path.iterdir())
    assert list(tmp_path.iterdir()) == []
    assert not _alive(ahead)


def test_it_cannot_be_watched_from_outside(host: Host) -> None:
    """The second witness then says that it could not say."""

    class Nobody:
        def started(self, pid: int) -> None:
            raise AssertionError(pid)

    with pytest.raises(SandboxError, match="cannot be watched"):
        host.run(request_for("pass"), None, Witness(line=0, observer=Nobody()))


def test_a_machine_with_no_stricter_rung_falls_back_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A zygote that finds no rung to stand on says so, and is replaced."""
    program = Path(hosts.__file__).with_name("zygote.py").read_text()
    forced = program.replace(
        "    supervisor.serve(",
        "    supervisor.ladder.best = lambda _: supervisor.ladder.Rung.PLAIN\n    supervisor.serve(",
    )
    assert forced != program
    monkeypatch.setattr(Path, "read_text", lambda self, *_args, **_options: forced)
    with Host(1, entry=FAKE) as running:
        assert running.run(request_for("import os\nos.write(WIRE, b'told')")).wire == b"told"
        assert running.rung is Rung.PLAIN


def test_a_stricter_rung_is_refused_where_it_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never a weaker one in its place."""
    monkeypatch.setattr(hosts, "has_zygotes", lambda: False)
    with Host(1, rung=Rung.RLIMITS) as running, pytest.raises(SandboxError, match="not offered here"):
        running.run(request_for("pass"))


TAKEN_AWAY = """
import os, select, signal, socket, sys
for _module, _names in (
    (os, "fork forkpty setsid pidfd_open O_NOFOLLOW waitid wait4 setresuid"),
    (select, "poll epoll"),
    (signal, "setitimer getitimer alarm SIGALRM SIGXCPU SIGCHLD SIGHUP pthread_kill"),
    (socket, "AF_UNIX send_fds recv_fds"),
):
    for _name in _names.split():
        if hasattr(_module, _name):
            delattr(_module, _name)
def _loopback_pair(family=None, type=socket.SOCK_STREAM, proto=0):  # as Python makes one on Windows
    with socket.create_server(("127.0.0.1", 0)) as listener:
        one = socket.create_connection(listener.getsockname())
        return one, listener.accept()[0]
socket.socketpair = _loopback_pair
for _name in ("resource", "fcntl"):
    sys.modules[_name] = None
def _no_proc(event, args):
    if event in ("open", "os.listdir", "os.scandir") and str(args[0]).startswith("/proc"):
        raise FileNotFoundError(2, "taken away", args[0])
sys.addaudithook(_no_proc)
"""

JUDGE = """
import json
from threadmarks import catalog
from threadmarks.judge import grade_source
from threadmarks.sandbox import plain
from threadmarks.sandbox.host import Host
from threadmarks.sandbox.saferead import Source, read

whole = TAKEN_AWAY + plain.program()
plain.program = lambda: whole
(exercise,) = [each for each in catalog.load() if each.id == "ex02"]
told = []
with Host(2) as host:
    for source in (read(exercise.reference), read(exercise.reference.parent / "wrong" / "job_under_the_lock.py")):
        report = grade_source(exercise, source, host=host)
        told.append([report.score, report.extra["rung"], [check.spec.name for check in report.checks if not check.passed]])
    from threadmarks import wire
    from threadmarks.judge.session import Session
    session = Session(exercise, Source(file="ex02.py", text="import os\\nos.read(os.pipe()[0], 1)\\n"), host, limits=wire.Limits(stuck_s=0.4))
    answer = session.load().result()
    session.close()
    told.append([answer.broken.value, answer.stuck.line])
print(json.dumps(told))
"""


def test_the_kit_grades_where_all_of_that_is_missing() -> None:
    """Right verdicts on a right and a wrong solution, and a call that hangs is still named: by a thread that looks."""
    program = TAKEN_AWAY + f"TAKEN_AWAY = {TAKEN_AWAY!r}\n" + JUDGE
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT, env=surroundings
    )
    assert done.returncode == 0, done.stderr
    right, wrong, stuck = json.loads(done.stdout.splitlines()[-1])
    assert right == [20.0, "plain", []]
    assert wrong[:2] == [12.0, "plain"]
    assert "overlap_exact" in wrong[2]
    assert stuck == ["uncontrolled-call", 2]


@pytest.mark.parametrize("kind", ["plain", "link", "folder"])
def test_a_submission_is_read_safely_without_the_systems_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Where a link cannot be refused while opening it, it is looked for before."""
    monkeypatch.setattr(saferead, "_HAS_NOFOLLOW", False)
    monkeypatch.setattr(saferead, "_FLAGS", os.O_RDONLY)
    path = tmp_path / "ex01.py"
    (tmp_path / "other.py").write_text("x = 1\n")
    if kind == "plain":
        path.write_text("x = 1\n")
        assert saferead.read(path).text == "x = 1\n"
        return
    if kind == "link":
        path.symlink_to(tmp_path / "other.py")
    else:
        path.mkdir()
    with pytest.raises(saferead.SubmissionError) as caught:
        saferead.read(path)
    assert caught.value.code == {"link": "symlink", "folder": "folder"}[kind]


def test_a_submission_replaced_while_it_is_opened_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The look before and the file must be of the same file."""
    monkeypatch.setattr(saferead, "_HAS_NOFOLLOW", False)
    path, other = tmp_path / "ex01.py", tmp_path / "other.py"
    path.write_text("x = 1\n")
    other.write_text("x = 2\n")
    before = os.lstat(path)
    monkeypatch.setattr(os, "lstat", lambda _path: before)
    other.replace(path)
    with pytest.raises(saferead.SubmissionError) as caught:
        saferead.read(path)
    assert caught.value.code == "unreadable"
