"""Whatever a run starts, it is gone when the run is over, however the run, the zygote or the judge ends."""

import itertools
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.conftest import FAKE, FORKED, Play, need, request_for
from threadmarks.errors import SandboxError
from threadmarks.sandbox.handle import Zygote
from threadmarks.sandbox.host import Host
from threadmarks.sandbox.ladder import Rung

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process adopt orphans")

MEMORY = Path("/dev/shm")  # noqa: S108  # folders made there have names of their own

DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.close(WIRE)
        time.sleep(1000)
    os._exit(0)
os.wait()
"""
WAIT_LIMIT_S = 30


def alive(mark: str) -> list[str]:
    """The processes that hold `mark` in their command line or first environment, without this one and its parent."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
            state = (folder / "stat").read_bytes().rpartition(b")")[2].split()[0]
        except OSError:
            continue
        if mark.encode() in text and state != b"Z":
            found.append(folder.name)
    return found


def gone(mark: str) -> bool:
    """Whether all of them end; the kernel may take a moment."""
    deadline = time.monotonic() + WAIT_LIMIT_S
    while time.monotonic() < deadline:
        if not alive(mark):
            return True
        time.sleep(0.02)
    return False


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """On the lowest rung with a zygote: the stricter ones let nothing be forked that could survive."""
    need(Rung.RLIMITS)
    with Host(1, entry=FAKE, rung=Rung.RLIMITS) as running:
        running.run(request_for("pass"))
        yield running


@pytest.fixture
def mark(host: Host) -> str:
    """The mark in the environment of everything that this zygote's runs start."""
    return host._all[0]._mark


def test_a_daemon_is_killed_and_counted(play: Play, mark: str) -> None:
    """setsid and a second fork take a process out of every group, not out of the zygote's reach."""
    zygote_only = alive(mark)
    assert play(DAEMON).orphans == 1
    assert len(alive(mark)) == len(zygote_only)  # the spare is another one after each run


def test_a_spare_that_was_killed_is_replaced(play: Play, mark: str) -> None:
    """The next runner waits, forked, while a run goes on; what happens to it must not reach the next submission."""
    before = set(alive(mark))
    play("pass")
    (spare,) = set(alive(mark)) - before
    os.kill(int(spare), signal.SIGKILL)
    assert play("import os\nos.write(WIRE, b'served')").wire == b"served"


def test_many_generations_are_killed(play: Play, mark: str) -> None:
    """Each killed parent hands its children up: one sweep is not enough."""
    program = """
import os, time
for _ in range(8):
    if os.fork(): time.sleep(0.2); os._exit(0)
time.sleep(1000)
"""
    zygote_only = alive(mark)
    play(program)
    assert len(alive(mark)) == len(zygote_only)  # the spare is another one after each run


def test_a_run_stopped_at_its_deadline_leaves_nothing(play: Play, mark: str) -> None:
    """Killing the first process alone would leave the second."""
    zygote_only = alive(mark)
    play(DAEMON + "time.sleep(1000)", wall_s=0.3)
    assert len(alive(mark)) == len(zygote_only)  # the spare is another one after each run


def test_a_run_that_kills_its_zygote_twice_is_a_sandbox_error_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the run is the same user as the zygote, this can be done. It costs nobody points, and nothing may survive it."""
    marks: list[str] = []
    start = Zygote.start

    def remembered(zygote: Zygote) -> None:
        start(zygote)
        marks.append(zygote._mark)

    monkeypatch.setattr(Zygote, "start", remembered)
    with Host(1, entry=FAKE, rung=Rung.RLIMITS) as host:
        with pytest.raises(SandboxError, match="lost twice"):
            host.run(request_for(DAEMON + "os.kill(os.getppid(), 9)\ntime.sleep(1000)"))
        assert host.run(request_for("import os\nos.write(WIRE, b'on we go')")).wire == b"on we go"
        assert [len(alive(mark)) for mark in marks] == [0, 0, 3]  # supervisor, template, spare
    assert [alive(mark) for mark in marks] == [[], [], []]


def test_a_lost_zygote_is_replaced_and_the_run_repeated() -> None:
    """The system may kill a zygote for its memory; that is nobody's mistake."""
    with Host(1, entry=FAKE, rung=Rung.RLIMITS) as host:
        first = host.run(request_for("import os\nos.write(WIRE, str(os.getppid()).encode())")).wire
        os.kill(int(first), signal.SIGKILL)
        second = host.run(request_for("import os\nos.write(WIRE, str(os.getppid()).encode())")).wire
    assert first != second


JUDGE = """
import sys
import tempfile
sys.path.insert(0, {root!r})
from tests.sandbox.conftest import request_for
from threadmarks.sandbox.handle import Zygote
from threadmarks.sandbox.host import Host
from threadmarks.sandbox.ladder import Rung
host = Host(2, entry="tests.sandbox.fake_entry", rung=Rung({rung!r}))
host.start()
host.run(request_for("pass"))
print(host._all[0]._folder, host._all[1]._folder, flush=True)
host.run(request_for({program!r}))
"""


@pytest.mark.parametrize("rung", FORKED)
@pytest.mark.parametrize(
    "number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM], ids=["kill", "interrupt", "terminate"]
)
def test_the_death_of_the_judge_ends_everything(number: signal.Signals, rung: Rung) -> None:
    """A grading that is cancelled, or loses its terminal, must not go on in the dark."""
    root = str(Path(__file__).parents[2])
    need(rung)
    program = (DAEMON if rung is Rung.RLIMITS else "import time\n") + "time.sleep(1000)"
    code = textwrap.dedent(JUDGE).format(root=root, program=program, rung=rung.value)
    mark = f"judge-{os.getpid()}-{number}"
    judge = subprocess.Popen(
        [sys.executable, "-c", code, mark], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )
    assert judge.stdout is not None
    folders = judge.stdout.readline().split()
    assert len(folders) == 2
    marks = [folder.decode() for folder in folders]
    assert all(alive(mark) for mark in marks)
    judge.send_signal(number)
    judge.wait()
    judge.stdout.close()
    assert all(gone(mark) for mark in marks)
    deadline = time.monotonic() + WAIT_LIMIT_S
    while any(Path(mark).exists() for mark in marks) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(Path(mark).exists() for mark in marks)


def test_the_folder_of_a_lost_zygote_goes_away_however_deep_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deeper than Python may call itself; and what the zygote was removing when it died, too."""
    if MEMORY.is_dir():  # a disk may take seconds for as many folders
        monkeypatch.setattr(tempfile, "tempdir", str(MEMORY))
    zygote = Zygote(FAKE, Rung.RLIMITS)
    zygote.start()
    os.kill(zygote.pid, signal.SIGKILL)
    place = Path(zygote._folder)
    remains = place.with_name(f"{place.name}-remains")
    remains.mkdir()
    for top in (place / "work", remains):
        inner = os.open(top, os.O_RDONLY)
        for _ in range(2000):
            os.mkdir("d", dir_fd=inner)
            outer, inner = inner, os.open("d", os.O_RDONLY, dir_fd=inner)
            os.close(outer)
        os.close(inner)
    zygote.stop()
    assert [path for path in place.parent.iterdir() if path.name.startswith(place.name)] == []


@pytest.mark.parametrize("rungs", list(itertools.permutations([Rung.FULL, None, Rung.RLIMITS])))
def test_a_host_is_as_strict_as_the_weakest_of_its_zygotes(rungs: tuple[Rung | None, ...]) -> None:
    """The next run may get any of them. One that has not said its rung yet says nothing."""
    host = Host(3, entry=FAKE, rung=Rung.RLIMITS)
    assert host.rung is None
    for zygote, rung in zip(host._all, rungs, strict=True):
        zygote.rung = rung
    assert host.rung is Rung.RLIMITS
