"""One run in the sandbox: what it gets, what it may use, how its end is told."""

import json
import os
import shutil
import signal
import threading
from pathlib import Path

import pytest

from tests.sandbox.conftest import FAKE, Play, request_for
from threadmarks import content
from threadmarks.sandbox import kernel
from threadmarks.sandbox.handle import Zygote
from threadmarks.sandbox.host import Cancellation, Host, Stop, shares_of_cores
from threadmarks.sandbox.ladder import Rung


def test_what_a_run_writes_to_the_wire_arrives_whole(play: Play) -> None:
    """More than a pipe holds, so the judge must read while the run writes."""
    run = play("import os\nfor _ in range(64): os.write(WIRE, b'x' * 65536)")
    assert (len(run.wire), run.stop, run.exit_code) == (64 * 65536, Stop.ITSELF, 0)


def test_output_past_the_engine_is_kept_up_to_its_cap_and_counted(play: Play) -> None:
    """A few words help an author; a flood must cost no memory."""
    run = play("import os\nos.write(1, b'a' * 5); os.write(2, b'b' * 5)", output_bytes=8)
    assert (run.stray, run.stray_total) == (b"aaaaabbb", 10)


def test_a_run_has_four_descriptors_and_nothing_else_of_the_judge(play: Play) -> None:
    """An inherited control socket would let a submission speak for the zygote."""
    program = """
import os
for number in range(1024):
    try:
        os.fstat(number)
    except OSError:
        continue
    os.write(WIRE, b"%d " % number)
"""
    assert play(program).wire == b"0 1 2 3 "


def test_standard_input_is_empty(play: Play) -> None:
    """`input()` must end, not wait for the student's terminal."""
    run = play("import os, sys\nos.write(WIRE, repr(sys.stdin.read()).encode())")
    assert run.wire == b"''"


def test_the_environment_is_scrubbed(play: Play, monkeypatch: object) -> None:
    """Secrets of the caller's shell are none of a submission's business."""
    run = play("import os\nos.write(WIRE, ' '.join(sorted(os.environ)).encode())")
    assert run.wire.split() == b"HOME LANG MALLOC_ARENA_MAX PATH PYTHONHASHSEED TMPDIR TZ".split()


def test_only_the_standard_library_and_the_prelude_can_be_imported(play: Play) -> None:
    """A submission that imports the judge could read its expectations."""
    program = """
import os
def can(name):
    try:
        __import__(name)
    except ImportError:
        return 0
    return 1
os.write(WIRE, repr([can(n) for n in ("threadmarks.prelude", "queue", "threadmarks.judge", "graders", "pytest")]).encode())
"""
    assert play(program).wire == b"[1, 1, 0, 0, 0]"


def test_a_run_begins_in_an_empty_folder_of_its_own_which_goes_away(play: Play, rung: Rung) -> None:
    """What one run leaves in a file may not reach the next."""
    program = "import os\nos.write(WIRE, f'{os.getcwd()} {os.listdir()}'.encode())\nopen('left', 'w').close()"
    first, second = play(program).wire.decode(), play(program).wire.decode()
    assert first.endswith("/box []" if rung is Rung.FULL else "/run []")
    assert second == first


def test_a_folder_of_any_depth_with_closed_doors_is_removed(play: Play) -> None:
    """Clean-up may not fail on what a submission piles up: the next run would suffer."""
    program = """
import os
os.symlink("/etc", "link")
for _ in range(1500):
    os.mkdir("d"); os.chdir("d")
os.mkdir("closed", 0)
"""
    assert play(program).exit_code == 0
    assert play("import os\nos.write(WIRE, str(len(os.listdir())).encode())").wire == b"0"


def test_processor_time_is_limited(play: Play) -> None:
    """An endless loop ends by the kernel's own clock, not by the machine's load."""
    assert play("while True: pass", cpu_s=1).exit_code == -signal.SIGKILL


def test_no_handler_buys_processor_time(play: Play) -> None:
    """A limit that first sends SIGXCPU would give a program that catches it another second."""
    program = "import os, signal\nsignal.signal(signal.SIGXCPU, lambda *_: os.write(WIRE, b'heard'))\nwhile True: pass"
    run = play(program, cpu_s=1)
    assert (run.exit_code, run.wire) == (-signal.SIGKILL, b"")


def test_a_run_that_only_waits_ends_at_the_deadline(play: Play) -> None:
    """Waiting uses no processor time; only the wall clock can end it."""
    run = play("import time\ntime.sleep(1000)", wall_s=0.2)
    assert (run.stop, run.exit_code) == (Stop.DEADLINE, -signal.SIGKILL)


def test_a_run_that_ignores_every_signal_ends_at_the_deadline(play: Play) -> None:
    """Whoever ends runs by asking politely can be ignored."""
    program = """
import signal, time
for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
time.sleep(1000)
"""
    assert play(program, wall_s=0.2).stop is Stop.DEADLINE


def test_memory_is_limited(play: Play) -> None:
    """The student's machine must survive `[0] * 10**12` and its like."""
    run = play("import os\ntry:\n    x = bytearray(3 << 30)\nexcept MemoryError:\n    os.write(WIRE, b'no')")
    assert run.wire == b"no"


def test_files_are_limited_in_size_and_number(play: Play) -> None:
    """A full disk would break more than this run."""
    program = """
import os
try:
    with open("big", "wb") as big:
        for _ in range(64): big.write(bytes(1 << 20))
except OSError: os.write(WIRE, b"size ")
kept = []
try:
    for n in range(1000): kept.append(open(f"{n}", "w"))
except OSError: os.write(WIRE, b"number")
"""
    assert play(program).wire == b"size number"


def test_a_flood_on_the_wire_is_stopped(play: Play) -> None:
    """The judge's memory is not the student's to fill."""
    assert play("import os\nwhile True: os.write(WIRE, bytes(65536))").stop is Stop.WIRE_FLOOD


def test_a_flood_of_stray_output_is_stopped(play: Play) -> None:
    """Dropping bytes for ever would only warm the room."""
    assert play("import os\nwhile True: os.write(1, bytes(65536))").stop is Stop.OUTPUT_FLOOD


def test_an_engine_that_raises_ends_its_process_with_its_traceback(play: Play) -> None:
    """A defect of the engine must leave a trace for its author."""
    run = play("1 / 0")
    assert run.exit_code == 97
    assert b"ZeroDivisionError" in run.stray


KNOWS_ITSELF = """
import os, signal, threading
signal.signal(signal.SIGUSR1, lambda *_: os.write(WIRE, b"heard "))
signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
threads = [threading.Thread(target=int) for _ in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
os.write(WIRE, b"%d" % (threading.get_native_id() == os.getpid()))
"""


@pytest.mark.parametrize("entry", [FAKE, "tests.sandbox.fake_old_kernel"])
def test_a_runner_knows_its_own_thread_however_it_was_forked(rung: Rung, entry: str) -> None:
    """The C library keeps a thread's id; a fork that it does not make itself must have that corrected."""
    with Host(1, entry=entry, rung=rung) as host:
        runs = [host.run(request_for(KNOWS_ITSELF)) for _ in range(3)]
    counted = None if rung is Rung.RLIMITS else 3
    assert [(run.wire, run.tasks) for run in runs] == [(b"heard 1", counted)] * 3


ADDRESSES = "import os\nos.write(WIRE, repr([id(object()), [hash(object) for _ in range(3)], id([])]).encode())"


def test_addresses_are_the_same_in_every_run_and_every_zygote(rung: Rung) -> None:
    """Orders keyed on addresses would otherwise give one file two traces.

    The first process after an edit compiles what later ones load, and lays out its heap accordingly: one goes ahead.
    """
    with Host(1, entry=FAKE, rung=rung) as ahead:
        ahead.run(request_for("pass"))
    here = []
    for _ in range(3):
        with Host(1, entry=FAKE, rung=rung) as host:
            here += [host.run(request_for(ADDRESSES)).wire for _ in range(3)]
    assert len(set(here)) == 1


def test_the_table_of_descriptors_has_its_size_before_there_are_threads(rung: Rung, play: Play) -> None:
    """Where threads share it, the kernel takes milliseconds for each larger one."""
    if rung is not Rung.RLIMITS:
        pytest.skip("the process's status can be read on one rung only")
    program = """
import os
size = next(line for line in open("/proc/self/status") if line.startswith("FDSize"))
os.write(WIRE, size.split()[1].encode())
"""
    assert play(program, open_files=200).wire == b"256"
    assert play(program, open_files=100).wire == b"128"


def test_runs_side_by_side_stay_on_different_cores() -> None:
    """Two that shared one would take twice as long while another core idles."""
    mine = os.sched_getaffinity(0)
    with Host(min(4, len(mine)), entry=FAKE) as host:
        host.start()
        shares = [os.sched_getaffinity(zygote.pid) for zygote in host._all if isinstance(zygote, Zygote)]
        run = host.run(request_for("import os\nos.write(WIRE, repr(sorted(os.sched_getaffinity(0))).encode())"))
    assert sorted(core for share in shares for core in share) == sorted(mine)
    assert set(json.loads(run.wire)) in shares
    assert os.sched_getaffinity(0) == mine


def test_cores_are_dealt_out_and_none_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """One zygote alone may go anywhere; where there are more than cores, some have the same."""
    monkeypatch.setattr(kernel, "cores", lambda: [2, 5, 7])
    assert shares_of_cores(1) == [(2, 5, 7)]
    assert shares_of_cores(2) == [(2, 7), (5,)]
    assert shares_of_cores(4) == [(2,), (5,), (7,), (2,)]


@pytest.mark.parametrize("folder", ["", "threadmarks", "threadmarks/sandbox"])
def test_addresses_do_not_hang_on_what_lies_beside_the_kit(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A student installs another package into the same environment: this must not change a verdict."""
    shutil.copytree(content.PACKAGE, tmp_path / "threadmarks")
    entry = tmp_path.joinpath(*FAKE.split(".")).with_suffix(".py")
    entry.parent.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name(entry.name), entry)
    monkeypatch.setattr(content, "PACKAGE", tmp_path / "threadmarks")
    here = []
    for beside in (0, 0, 1, 50):  # the first one compiles
        for number in range(beside):
            (tmp_path / folder / f"beside{number}.py").touch()
        with Host(1, entry=FAKE) as host:
            here.append(host.run(request_for(ADDRESSES)).wire)
    assert len(set(here[1:])) == 1


def test_a_cancelled_run_ends_and_leaves_its_zygote_ready(host: Host) -> None:
    """Ctrl-C, or an answer that nobody waits for any more."""
    cancellation = Cancellation()
    timer = threading.Timer(0.2, cancellation.cancel)
    timer.start()
    run = host.run(request_for("import time\ntime.sleep(1000)"), cancellation)
    timer.join()
    cancellation.close()
    assert (run.stop, run.exit_code) == (Stop.CANCELLED, -signal.SIGKILL)
    assert host.run(request_for("import os\nos.write(WIRE, b'next')")).wire == b"next"
